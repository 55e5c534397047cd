interface Failure {
  readonly message: string;
  readonly code?: unknown;
  readonly severity?: unknown;
  readonly errno?: unknown;
  readonly errors?: unknown;
}

/** By its shape: Node's own errors are of another realm where tests run. */
function isFailure(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
}

/** The five-character code of a failure that the server itself reported. */
export function sqlState(error: unknown): string | undefined {
  if (!isFailure(error) || error.severity === undefined || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

const LOST = /connection terminated|connection ended|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|client was closed|timeout expired/i;

/** Whether the connection is gone, was never there, or the server is going away: 08 connection, 53300 too many, 57P shutdown, 25P03 left idle. */
export function lost(error: unknown): boolean {
  if (!isFailure(error)) return false;
  const state = sqlState(error);
  if (state) return state.startsWith('08') || state.startsWith('57P') || state === '53300' || state === '25P03';
  const isOfTheNetwork = error.errno !== undefined || Array.isArray(error.errors); // Several, when a name has several addresses.
  return isOfTheNetwork || LOST.test(error.message);
}

const LATE = /connection terminated due to connection timeout|timeout exceeded when trying to connect|timeout expired/i;

/** Whether a session was not there in time, of which a busy process may itself be the cause. */
export function isLate(error: unknown): boolean {
  return isFailure(error) && LATE.test(error.message);
}

/** Serialization failure, deadlock, lock time-out: nothing was kept, and another try may succeed. */
export function worthAnotherTry(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01' || state === '55P03';
}
