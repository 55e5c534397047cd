import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampDate, timestampFromDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import type { CreateOrderRequest, ManualTaskSchema, OrderEventSchema, OrderSchema, PaidOrderSchema } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage, moneyToMessage } from '@libs/kernel/money';
import type { HistoryEntry, ManualTask } from '../../application/ports';
import type { OrderView } from '../../application/read-orders';
import { linesFor, noticeFor, type Order, type Purchase } from '../../domain/order';

export function orderMessage({ order, viewer }: OrderView): MessageInitShape<typeof OrderSchema> {
  const { tracking, shipBy } = order;
  return {
    id: order.id,
    matchId: order.matchId,
    marketId: order.marketId,
    productId: order.productId,
    size: order.size,
    buyerId: viewer === 'seller' ? '' : order.buyerId,
    sellerId: viewer === 'buyer' ? '' : order.sellerId,
    price: moneyToMessage(order.price),
    status: order.status,
    cancelReason: order.cancelReason ?? '',
    paymentStatus: order.paymentStatus,
    payoutStatus: viewer === 'buyer' ? 'none' : order.payoutStatus,
    ...(shipBy && { shipBy: timestampFromDate(shipBy) }),
    inboundTracking: viewer === 'buyer' ? '' : (tracking.inbound ?? ''),
    outboundTracking: viewer === 'seller' ? '' : (tracking.outbound ?? ''),
    returnTracking: viewer === 'buyer' ? '' : (tracking.return ?? ''),
    createdAt: timestampFromDate(order.createdAt),
    updatedAt: timestampFromDate(order.updatedAt),
    version: BigInt(order.version),
    revision: BigInt(order.revision),
    bidId: viewer === 'seller' ? '' : order.bidId,
    askId: viewer === 'buyer' ? '' : order.askId,
    lines: linesFor(order, viewer).map(({ kind, amount }) => ({ kind, amount: moneyToMessage(amount) })),
    notice: noticeFor(order, viewer),
  };
}

export function eventMessage(entry: HistoryEntry): MessageInitShape<typeof OrderEventSchema> {
  const { version, event, from, to, actor, reason, at, traceId } = entry;
  return { version: BigInt(version), event, fromStatus: from, toStatus: to, actor, reason, at: timestampFromDate(at), traceId };
}

export function paidMessage({ id, matchId, marketId, price, paidAt }: Order): MessageInitShape<typeof PaidOrderSchema> {
  invariant(paidAt, `order ${id} is paid without the instant of it`);
  return { orderId: id, matchId, marketId, price: moneyToMessage(price), paidAt: timestampFromDate(paidAt) };
}

export function taskMessage({ id, kind, orderId, detail, advice, openedAt, closedAt }: ManualTask): MessageInitShape<typeof ManualTaskSchema> {
  return { id, kind, orderId, detail, advice, openedAt: timestampFromDate(openedAt), ...(closedAt && { closedAt: timestampFromDate(closedAt) }) };
}

export function purchaseOf(request: CreateOrderRequest): Purchase {
  const { matchId, marketId, productId, size, bidId, askId, buyerId, sellerId, paymentMethodId, buyerAddressVersionId, sellerAddressVersionId } = request;
  return {
    matchId, marketId, productId, size, bidId, askId, buyerId, sellerId, paymentMethodId, buyerAddressVersionId, sellerAddressVersionId,
    price: moneyFromMessage(request.price),
    matchedAt: dateOf(request.matchedAt),
    bidAcceptedAt: dateOf(request.bidAcceptedAt),
    askAcceptedAt: dateOf(request.askAcceptedAt),
  };
}

function dateOf(at: Timestamp | undefined): Date {
  invariant(at, 'an instant is missing');
  return timestampDate(at);
}
