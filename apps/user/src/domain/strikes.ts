import { strikeUnknown } from './errors';

export const strikeKinds = ['unpaid_win', 'did_not_ship', 'seller_cancelled'] as const;
export type StrikeKind = (typeof strikeKinds)[number];

const WINDOW_MS = 30 * 24 * 3_600_000;
const UNPAID_WINS_MAX = 2;

export function strikeKindOf(kind: string): StrikeKind {
  const known = strikeKinds.find((name) => name === kind);
  if (!known) throw strikeUnknown(kind);
  return known;
}

/** Strikes count for 30 days, and never from before a reinstatement. */
export function strikesCountFrom(now: Date, reinstatedAt: Date | undefined): Date {
  const windowStart = now.getTime() - WINDOW_MS;
  return new Date(Math.max(windowStart, reinstatedAt?.getTime() ?? windowStart));
}

/** A buyer who wins and does not pay, twice within the window, may not buy. */
export function endsBuying(kind: StrikeKind, strikes: number): boolean {
  return kind === 'unpaid_win' && strikes >= UNPAID_WINS_MAX;
}
