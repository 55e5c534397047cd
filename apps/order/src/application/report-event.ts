import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { eventUnknown, illegalTransition, keyReused, labelNotReady, notYours, orderNotFound, reasonMissing, tooLateToShip, trackingTaken } from '../domain/errors';
import { type Actor, lifecycle, type OrderEvent, reportedEvent, step } from '../domain/lifecycle';
import type { Leg, Order } from '../domain/order';
import { Advance, type Advanced } from './advance';
import { type Caller, rolesIn } from './caller';
import { History, Orders, Shipments } from './ports';

export interface Report {
  readonly orderId: string;
  readonly event: string;
  readonly tracking: string;
  readonly reason: string;
  readonly idempotencyKey: string;
}

const shippedLeg: Partial<Record<OrderEvent, Leg>> = { seller_shipped: 'inbound', buyer_shipped: 'outbound' };

/** What a person reports of an order: an event of the table, by an actor that it allows. */
@Injectable()
export class ReportEvent {
  constructor(
    private readonly orders: Orders,
    private readonly history: History,
    private readonly shipments: Shipments,
    private readonly advance: Advance,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  async execute(caller: Caller, report: Report): Promise<Order> {
    const order = await this.transactions.run((tx) => this.report(tx, caller, report));
    failpoint('order.afterCommit');
    return order;
  }

  private async report(tx: Transaction, caller: Caller, report: Report): Promise<Order> {
    const event = reportedEvent(report.event);
    if (!event) throw eventUnknown(report.event);
    const order = await this.orders.lock(tx, report.orderId);
    if (!order || rolesIn(order, caller).length === 0) throw orderNotFound(report.orderId);
    const idempotencyKey = report.idempotencyKey || undefined;
    if (await this.isReplay(tx, caller, report, event)) return order;

    const actor = actorFor(order, event, caller);
    if (actor === 'admin' && report.reason === '') throw reasonMissing();
    const leg = shippedLeg[event];
    if (leg && step(order.status, event)) await this.noteTracking(tx, order, leg, report.tracking);
    const advanced = await this.advance.execute(tx, order.id, { event, actor, actorId: caller.id, reason: report.reason, idempotencyKey });
    return settled(advanced, event);
  }

  /** The same key for the same report was answered before; for another one it is a mistake. */
  private async isReplay(tx: Transaction, caller: Caller, { orderId, idempotencyKey }: Report, event: OrderEvent): Promise<boolean> {
    const used = idempotencyKey ? await this.history.findKey(tx, caller.id, idempotencyKey) : undefined;
    if (!used) return false;
    if (used.orderId !== orderId || used.event !== event) throw keyReused();
    return true;
  }

  /** The label's own number, or that of a parcel which is sent another way. */
  private async noteTracking(tx: Transaction, order: Order, leg: Leg, tracking: string): Promise<void> {
    const label = order.tracking[leg];
    if (!tracking && !label) throw labelNotReady();
    if (!tracking || tracking === label) return;
    const isFree = await this.shipments.add(tx, { tracking, orderId: order.id, leg, carrier: 'other', labelUrl: '' }, this.clock.now());
    if (!isFree) throw trackingTaken(tracking);
    await this.orders.patch(tx, order.id, { tracking: { [leg]: tracking } });
  }
}

function actorFor(order: Order, event: OrderEvent, caller: Caller): Actor {
  const mine = rolesIn(order, caller);
  const allowed = Object.values(lifecycle).flatMap((steps) => steps[event]?.by ?? []);
  const actor = mine.find((role) => allowed.includes(role));
  if (!actor) throw notYours(event);
  return actor;
}

function settled({ outcome, order }: Advanced, event: OrderEvent): Order {
  if (outcome === 'late') throw tooLateToShip();
  if (outcome !== 'applied') throw illegalTransition(order.status, event);
  return order;
}
