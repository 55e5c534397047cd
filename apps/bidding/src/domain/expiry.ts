import type { AppError } from '@libs/kernel/app-error';
import { expiryNotOffered } from './errors';
import type { Side } from './side';

const DAY_MS = 86_400_000;
const BID_DAYS: readonly number[] = [1, 3, 7, 14, 30];
const BID_DEFAULT_DAYS = 30;
const ASK_DAYS_MAX = 365;

/** How long a quote of this side may live, or a refusal. 0 is the default: 30 days for bids, 365 for asks. */
export function lifeMs(side: Side, days: number): number | AppError {
  if (side === 'bid') {
    if (days === 0) return BID_DEFAULT_DAYS * DAY_MS;
    return BID_DAYS.includes(days) ? days * DAY_MS : expiryNotOffered(BID_DAYS.join(', '));
  }
  if (days === 0) return ASK_DAYS_MAX * DAY_MS;
  return Number.isInteger(days) && days >= 1 && days <= ASK_DAYS_MAX ? days * DAY_MS : expiryNotOffered(`1 to ${ASK_DAYS_MAX}`);
}

/** A quote past its expiry never matches, whether or not it has been marked expired. */
export function isPast(quote: { readonly expiresAt: number }, now: number): boolean {
  return quote.expiresAt <= now;
}
