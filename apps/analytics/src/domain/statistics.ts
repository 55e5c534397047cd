/** Prices of a time, as sums that a database gives exactly: a sum of squares is beyond what a number holds. */
export interface Sums {
  readonly count: number;
  readonly sum: bigint;
  readonly squares: bigint;
}

export interface Spread {
  readonly average: number;
  readonly volatilityBps: number;
  /** Mean minus and plus the standard deviation, each rounded once, half up. */
  readonly low: number;
  readonly high: number;
}

const BPS = 10_000n;

/** Mean and (population) standard deviation; nothing without a sale. */
export function spreadOf({ count, sum, squares }: Sums): Spread | undefined {
  if (count === 0) return undefined;
  const n = BigInt(count);
  // n² times the variance is whole: roots and quotients are taken once, at the end.
  const scaled = n * squares - sum * sum;
  return {
    average: Number(roundedQuotient(sum, n)),
    volatilityBps: Number(roundedRootQuotient(BPS * BPS * scaled, sum)),
    low: Number(roundedQuotient(2n * sum - root(4n * scaled), 2n * n)),
    high: Number(roundedQuotient(2n * sum + root(4n * scaled), 2n * n)),
  };
}

/** By how much `now` is above `before`, in basis points, rounded half up; nothing when there is nothing to compare with. */
export function changeBps(now: number, before: number): number | undefined {
  if (before <= 0) return undefined;
  return Number(roundedQuotient(BigInt(now - before) * BPS, BigInt(before)));
}

/** Half up, also below zero. `below` is above zero. */
export function roundedQuotient(above: bigint, below: bigint): bigint {
  return floorQuotient(2n * above + below, 2n * below);
}

function floorQuotient(above: bigint, below: bigint): bigint {
  const quotient = above / below;
  return above % below < 0n ? quotient - 1n : quotient;
}

/** √above / below, rounded half up. */
function roundedRootQuotient(above: bigint, below: bigint): bigint {
  return (root(4n * above) + below) / (2n * below);
}

/** The largest whole number whose square is not above `value`. */
function root(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}
