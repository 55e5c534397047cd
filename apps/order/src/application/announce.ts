import type { Outbox } from '@libs/events/outbox';
import { invariant } from '@libs/kernel/invariant';
import { moneyToMessage } from '@libs/kernel/money';
import { timestampOf } from '@libs/kernel/timestamp';
import type { Transaction } from '@libs/postgres/transaction';
import type { OrderEvent } from '../domain/lifecycle';
import type { Leg, Order } from '../domain/order';

interface Change {
  readonly event: OrderEvent;
  readonly before: Order;
  readonly order: Order;
  readonly reasons: readonly string[];
}

/** Tells the other services what an advance means to them. An order that dies unpaid announces only that. */
export function announce(outbox: Outbox, tx: Transaction, { event, before, order, reasons }: Change): void {
  const { id: orderId, buyerId, sellerId, matchId } = order;
  const at = timestampOf(order.updatedAt);
  if (before.status !== 'cancelled' && order.status === 'cancelled') {
    outbox.add(tx, 'order.cancelled', orderId, { orderId, matchId, buyerId, sellerId, reason: order.cancelReason, wasPaid: before.paidAt !== undefined });
    return;
  }
  switch (event) {
    case 'payment_captured':
      if (order.status === 'confirmed') announcePaid(outbox, tx, order);
      return;
    case 'seller_shipped':
      return announceShipped(outbox, tx, order, 'inbound');
    case 'warehouse_received':
      return outbox.add(tx, 'order.received', orderId, { orderId, receivedAt: at });
    case 'inspection_passed':
    case 'inspection_failed':
      return outbox.add(tx, 'order.authenticated', orderId, { orderId, buyerId, sellerId, result: event === 'inspection_passed' ? 'pass' : 'fail', reasons: [...reasons] });
    case 'buyer_shipped':
      return announceShipped(outbox, tx, order, 'outbound');
    case 'buyer_received':
      return outbox.add(tx, 'order.delivered', orderId, { orderId, buyerId, sellerId, deliveredAt: at });
    default:
      return;
  }
}

function announcePaid(outbox: Outbox, tx: Transaction, order: Order): void {
  const { id: orderId, matchId, marketId, productId, size, bidId, askId, buyerId, sellerId, price, matchedAt, paidAt, shipBy } = order;
  invariant(paidAt && shipBy, `order ${orderId} is confirmed without its dates`);
  outbox.add(tx, 'order.created', orderId, {
    orderId, matchId, marketId, productId, size, bidId, askId, buyerId, sellerId,
    price: moneyToMessage(price),
    matchedAt: timestampOf(matchedAt),
    paidAt: timestampOf(paidAt),
    shipBy: timestampOf(shipBy),
  });
}

export function announceShipped(outbox: Outbox, tx: Transaction, order: Order, leg: Leg): void {
  const { id: orderId, buyerId, sellerId, tracking } = order;
  outbox.add(tx, 'order.shipped', orderId, { orderId, buyerId, sellerId, leg, tracking: tracking[leg] ?? '' });
}

export function announceLabel(outbox: Outbox, tx: Transaction, order: Order, label: { leg: Leg; tracking: string }): void {
  const shipBy = order.shipBy && timestampOf(order.shipBy);
  outbox.add(tx, 'order.label_ready', order.id, { orderId: order.id, sellerId: order.sellerId, tracking: label.tracking, leg: label.leg, shipBy });
}
