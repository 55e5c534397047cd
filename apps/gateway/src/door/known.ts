/** Goes on at once with what is known already; only what is not is waited for. On the busy paths a promise for each step costs more than the step. */
export function whenKnown<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
