import { strikeUnknown } from './errors';
import type { TradingSide } from './user';

export const strikeKinds = ['unpaid_win', 'did_not_ship', 'seller_cancelled'] as const;
export type StrikeKind = (typeof strikeKinds)[number];

/** What a user may not do any more, after how many orders that came to nothing by their fault. */
export interface StrikeRule {
  readonly side: TradingSide;
  /** Counted together, and an order once. */
  readonly kinds: readonly StrikeKind[];
  readonly limit: number;
  readonly windowMs: number;
  /** As `user.suspended` tells it. */
  readonly reason: string;
}

const DAY_MS = 24 * 3_600_000;
const unpaidWins: StrikeRule = { side: 'buying', kinds: ['unpaid_win'], limit: 2, windowMs: 30 * DAY_MS, reason: 'unpaid_wins' };
const unshippedSales: StrikeRule = { side: 'selling', kinds: ['did_not_ship', 'seller_cancelled'], limit: 3, windowMs: 90 * DAY_MS, reason: 'unshipped_sales' };

const rules: Readonly<Record<StrikeKind, StrikeRule>> = { unpaid_win: unpaidWins, did_not_ship: unshippedSales, seller_cancelled: unshippedSales };

export function strikeKindOf(kind: string): StrikeKind {
  const known = strikeKinds.find((name) => name === kind);
  if (!known) throw strikeUnknown(kind);
  return known;
}

/** The rule that a strike falls under. */
export function ruleOf(kind: StrikeKind): StrikeRule {
  return rules[kind];
}

/** Strikes count for the rule's window, and never from before a reinstatement. */
export function strikesCountFrom({ windowMs }: StrikeRule, now: Date, reinstatedAt: Date | undefined): Date {
  const windowStart = now.getTime() - windowMs;
  return new Date(Math.max(windowStart, reinstatedAt?.getTime() ?? windowStart));
}
