import type { CancelReason, QuoteFacts, QuoteStatus } from '../../domain/quote';
import type { Side } from '../../domain/side';
import type { PublicIds } from './public-ids';

/** A row of `quotes` as `pg` reads it in text form; times arrive as milliseconds. */
export interface QuoteRow {
  readonly id: string;
  readonly market_id: string;
  readonly side: Side;
  readonly user_id: string;
  readonly price: string | number;
  readonly prio: string | number;
  readonly status: QuoteStatus;
  readonly reason: CancelReason | null;
  readonly expires_ms: string | number;
  readonly placed_ms: string | number;
  readonly accepted_ms: string | number;
  readonly payment_method_id: string | null;
  readonly address_version_id: string;
  readonly immediate: boolean;
  readonly version: number;
}

const millis = (column: string) => `(extract(epoch from ${column}) * 1000)::bigint`;

/** The columns of `QuoteRow`, of the table called `q`. */
export const QUOTE_COLUMNS = `q.id, q.market_id, q.side, q.user_id, q.price, q.prio, q.status, q.reason, ${millis('q.expires_at')} as expires_ms,
  ${millis('q.placed_at')} as placed_ms, ${millis('q.accepted_at')} as accepted_ms, q.payment_method_id, q.address_version_id, q.immediate, q.version`;

export function quoteFactsOf(row: QuoteRow, ids: PublicIds): QuoteFacts {
  return {
    id: ids.once(row.side, row.id),
    marketId: ids.shared('mkt', row.market_id),
    side: row.side,
    userId: ids.shared('usr', row.user_id),
    price: Number(row.price),
    prio: Number(row.prio),
    status: row.status,
    reason: row.reason,
    expiresAt: Number(row.expires_ms),
    placedAt: Number(row.placed_ms),
    acceptedAt: Number(row.accepted_ms),
    paymentMethodId: row.payment_method_id === null ? null : ids.shared('pm', row.payment_method_id),
    addressVersionId: ids.shared('adv', row.address_version_id),
    immediate: row.immediate,
    version: row.version,
  };
}
