const FIRST_MS = 250;
const MOST_MS = 300_000;

/** After so long without success a person is told, while the tries go on. */
export const STUCK_AFTER_MS = 3_600_000;

/** How long to wait after the `attempts`-th failure. */
export function backoffMs(attempts: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(Math.max(attempts - 1, 0), 20));
}
