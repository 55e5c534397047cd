/** Why a watcher is told: the lowest ask has come down to their threshold, or has fallen by 5 % within a day. */
export type Cause = 'threshold' | 'fall';

export const FALL_WINDOW_MS = 24 * 3_600_000;
/** A watcher hears of a market at most once in this time. */
export const QUIET_MS = 6 * 3_600_000;

export interface LowestAsk {
  /** Without one the book is empty. */
  readonly now: number | undefined;
  readonly before: number | undefined;
  /** The highest that the lowest ask has been within the window. */
  readonly highest: number | undefined;
}

export function hasDropped({ now, before }: LowestAsk): boolean {
  return now !== undefined && (before === undefined || now < before);
}

/** By 5 % or more, compared in whole minor units. */
export function hasFallen({ now, highest }: LowestAsk): boolean {
  return now !== undefined && highest !== undefined && now * 100 <= highest * 95;
}

/** It was above the threshold, or there was none, and is not any more. */
export function crosses({ now, before }: LowestAsk, threshold: number): boolean {
  return now !== undefined && now <= threshold && (before === undefined || before > threshold);
}
