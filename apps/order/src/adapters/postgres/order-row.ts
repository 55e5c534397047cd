import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { money } from '@libs/kernel/money';
import type { CancelReason, Status } from '../../domain/lifecycle';
import type { Line, Order, PaymentStatus, PayoutStatus } from '../../domain/order';

export interface OrderRow {
  readonly id: string;
  readonly match_id: string;
  readonly market_id: string;
  readonly product_id: string;
  readonly size: string;
  readonly bid_id: string;
  readonly ask_id: string;
  readonly buyer_id: string;
  readonly seller_id: string;
  readonly currency: string;
  readonly price_minor: number;
  readonly matched_at: Date;
  readonly bid_accepted_at: Date;
  readonly ask_accepted_at: Date;
  readonly payment_method_id: string;
  readonly buyer_address_version_id: string;
  readonly seller_address_version_id: string;
  readonly status: Status;
  readonly cancel_reason: CancelReason | null;
  readonly payment_status: PaymentStatus;
  readonly payout_status: PayoutStatus;
  readonly paid_at: Date | null;
  readonly ship_by: Date | null;
  readonly do_not_relist: boolean;
  readonly buyer_lines: Line[];
  readonly seller_lines: Line[];
  readonly inbound_tracking: string | null;
  readonly outbound_tracking: string | null;
  readonly return_tracking: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
  readonly revision: number;
}

export function orderOf(row: OrderRow): Order {
  return {
    id: typeId('ord', row.id),
    matchId: typeId('mtc', row.match_id),
    marketId: typeId('mkt', row.market_id),
    productId: typeId('prd', row.product_id),
    size: row.size,
    bidId: typeId('bid', row.bid_id),
    askId: typeId('ask', row.ask_id),
    buyerId: typeId('usr', row.buyer_id),
    sellerId: typeId('usr', row.seller_id),
    price: money(row.currency, row.price_minor),
    matchedAt: row.matched_at,
    bidAcceptedAt: row.bid_accepted_at,
    askAcceptedAt: row.ask_accepted_at,
    paymentMethodId: row.payment_method_id,
    buyerAddressVersionId: row.buyer_address_version_id,
    sellerAddressVersionId: row.seller_address_version_id,
    status: row.status,
    cancelReason: row.cancel_reason ?? undefined,
    paymentStatus: row.payment_status,
    payoutStatus: row.payout_status,
    paidAt: row.paid_at ?? undefined,
    shipBy: row.ship_by ?? undefined,
    doNotRelist: row.do_not_relist,
    buyerLines: row.buyer_lines,
    sellerLines: row.seller_lines,
    tracking: { inbound: row.inbound_tracking ?? undefined, outbound: row.outbound_tracking ?? undefined, return: row.return_tracking ?? undefined },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
    revision: row.revision,
  };
}

/** In the order of the columns of `INSERT_ORDER`. */
export function valuesOf(order: Order): unknown[] {
  return [
    uuidOfOwn('ord', order.id), uuidOfOwn('mtc', order.matchId), uuidOfOwn('mkt', order.marketId), uuidOfOwn('prd', order.productId), order.size,
    uuidOfOwn('bid', order.bidId), uuidOfOwn('ask', order.askId), uuidOfOwn('usr', order.buyerId), uuidOfOwn('usr', order.sellerId),
    order.price.currency, order.price.minor, order.matchedAt, order.bidAcceptedAt, order.askAcceptedAt,
    order.paymentMethodId, order.buyerAddressVersionId, order.sellerAddressVersionId,
    order.status, order.createdAt, order.version,
  ];
}

export const INSERT_ORDER = `insert into orders (id, match_id, market_id, product_id, size, bid_id, ask_id, buyer_id, seller_id,
    currency, price_minor, matched_at, bid_accepted_at, ask_accepted_at,
    payment_method_id, buyer_address_version_id, seller_address_version_id, status, created_at, version, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $19)
  on conflict (match_id) do nothing returning id`;
