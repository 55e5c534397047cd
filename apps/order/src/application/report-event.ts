import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { eventUnknown, illegalTransition, labelNotReady, notYours, orderNotFound, reasonMissing, tooLateToShip, trackingTaken } from '../domain/errors';
import { type Actor, lifecycle, type OrderEvent, reportedEvent, step } from '../domain/lifecycle';
import type { Leg, Order } from '../domain/order';
import { Advance, type Advanced } from './advance';
import { type Caller, rolesIn } from './caller';
import { History, Orders, Shipments } from './ports';
import { isReplay, requestKey } from './request-key';

export interface Report {
  readonly orderId: string;
  readonly event: string;
  readonly tracking: string;
  readonly reason: string;
  readonly idempotencyKey: string;
}

export interface Reported {
  readonly order: Order;
  /** The key was taken before: nothing has happened now. */
  readonly isReplay: boolean;
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

  async execute(caller: Caller, report: Report): Promise<Reported> {
    const reported = await this.transactions.run((tx) => this.report(tx, caller, report));
    failpoint('order.afterCommit');
    return reported;
  }

  private async report(tx: Transaction, caller: Caller, report: Report): Promise<Reported> {
    const event = reportedEvent(report.event);
    if (!event) throw eventUnknown(report.event);
    const order = await this.orders.lock(tx, report.orderId);
    if (!order || rolesIn(order, caller).length === 0) throw orderNotFound(report.orderId);
    const { orderId, tracking, reason } = report;
    const request = requestKey(report.idempotencyKey, [event, orderId, tracking, reason]);
    if (await isReplay(this.history, tx, caller.id, request)) return { order, isReplay: true };

    const actor = actorFor(order, event, caller);
    if (actor === 'admin' && reason === '') throw reasonMissing();
    const leg = shippedLeg[event];
    if (leg && step(order.status, event)) await this.noteTracking(tx, order, leg, tracking);
    const advanced = await this.advance.execute(tx, orderId, { event, actor, actorId: caller.id, reason, ...(request && { request }) });
    return { order: settled(advanced, event), isReplay: false };
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
