const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const TRIES_MAX = 3;
/** Business time. */
export const RETRY_AFTER_MS = HOUR_MS;
export const RECOVER_WITHIN_MS = 2 * HOUR_MS;
export const ACCOUNT_HOLD_MS = 72 * HOUR_MS;
export const MONEY_WAIT_MS = 6 * HOUR_MS;

/** Technical time: an operation is asked about again soon at first, then once a minute, and after an hour a person hears of it. */
const BACKOFF_MS_MIN = 250;
const BACKOFF_MS_MAX = MINUTE_MS;
export const UNKNOWN_TASK_AFTER_MS = HOUR_MS;
/** The provider forgets keys after a day: a key older than this may no longer be sent. */
export const KEY_MS_MAX = 23 * HOUR_MS;

/** Reasons that may pass by themselves. Anything else needs another card: card networks fine those who retry a hard decline. */
const softDeclines: ReadonlySet<string> = new Set([
  'generic_decline', 'card_declined', 'insufficient_funds', 'do_not_honor', 'try_again_later', 'processing_error', 'issuer_not_available',
  'reenter_transaction', 'card_velocity_exceeded', 'withdrawal_count_limit_exceeded', 'approve_with_id',
]);

export function isSoftDecline(code: string): boolean {
  return softDeclines.has(code);
}

/** Why a payout was not sent: the account may not be paid at the moment. It is sent by itself when it may. */
export const ACCOUNT_CHANGED = 'account_changed';

/** What the sender of money is told when it is not there yet, and comes by itself. */
export function isMoneyPending(code: string): boolean {
  return code === 'balance_insufficient' || code === 'insufficient_funds';
}

export function backoffMs(takes: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(Math.max(takes - 1, 0), 10));
}

/** A changed bank account gets nothing for 72 hours; the first account of a seller is not a change. */
export function heldUntil(changedAt: Date | undefined): Date | undefined {
  return changedAt && new Date(changedAt.getTime() + ACCOUNT_HOLD_MS);
}
