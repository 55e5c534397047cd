/** For how long an answer is remembered, and how many are. */
export const FOUND_FOR_MS = 5 * 60_000;
export const FOUND_MAX = 1_000;
