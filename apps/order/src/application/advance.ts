import { Injectable } from '@nestjs/common';
import { currentTraceparent, traceIdOf } from '@libs/chassis/trace';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import type { Transaction } from '@libs/postgres/transaction';
import { orderNotFound } from '../domain/errors';
import { type Actor, type OrderEvent, type Status, step, type Step, type TimerKind, timers } from '../domain/lifecycle';
import type { Order } from '../domain/order';
import { announce } from './announce';
import { Deadlines } from './deadlines';
import { OrderTelemetry } from './order-telemetry';
import { type HistoryEntry, Orders, type RequestKey, Steps } from './ports';

/** Something that is said to have happened to an order. */
export interface Happening {
  readonly event: OrderEvent;
  readonly actor: Actor;
  readonly actorId?: string;
  readonly reason?: string;
  /** Why the pair failed. */
  readonly reasons?: readonly string[];
  /** When it happened, if that was before it was told. */
  readonly at?: Date;
  readonly request?: RequestKey;
}

/** `repeated`: known before. `late`: its deadline had passed. `refused`: the table has no such step, or not for this actor. */
export interface Advanced {
  readonly outcome: 'applied' | 'repeated' | 'late' | 'refused';
  readonly order: Order;
}

/** The only writer of an order's status. Status, audit log, next steps, deadlines and announcements are one transaction. */
@Injectable()
export class Advance {
  constructor(
    private readonly orders: Orders,
    private readonly steps: Steps,
    private readonly deadlines: Deadlines,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly telemetry: OrderTelemetry,
  ) {}

  async execute(tx: Transaction, orderId: string, happening: Happening): Promise<Advanced> {
    // The lock goes out first: what has happened is read under it.
    const [order, past] = await Promise.all([this.orders.lock(tx, orderId), this.orders.past(tx, orderId)]);
    if (!order) throw orderNotFound(orderId);
    const now = this.clock.now();
    const { event, actor } = happening;

    const next = step(order.status, event);
    const isRepeated = past.events.includes(event);
    if (isRepeated || !next?.by.includes(actor)) {
      this.telemetry.notAdvanced(order, happening);
      return { outcome: isRepeated ? 'repeated' : 'refused', order };
    }
    if (next.before && (await this.isLate(tx, orderId, next.before, happening.at ?? now))) return { outcome: 'late', order };

    const advanced = await this.advanced(tx, order, happening, { next, now });
    await Promise.all([
      this.orders.record(tx, advanced, entryOf(order, advanced, happening), past),
      this.follow(tx, { before: order.status, order: advanced }, happening, next),
    ]);
    failpoint('order.afterState');
    announce(this.outbox, tx, { event, before: order, order: advanced, reasons: happening.reasons ?? [] });
    failpoint('order.afterOutbox');
    this.telemetry.advanced(order, advanced, event);
    return { outcome: 'applied', order: advanced };
  }

  private async isLate(tx: Transaction, orderId: string, deadline: TimerKind, at: Date): Promise<boolean> {
    if (!(await this.deadlines.hasPassed(tx, orderId, deadline, at))) return false;
    const { owed } = timers[deadline];
    return !owed || !(await this.steps.hasOpen(tx, orderId, owed));
  }

  private async advanced(tx: Transaction, order: Order, { event }: Happening, { next, now }: { next: Step; now: Date }): Promise<Order> {
    const isPaid = event === 'payment_captured' && next.to === 'confirmed';
    return {
      ...order,
      status: next.to,
      cancelReason: next.because ?? order.cancelReason,
      paymentStatus: paymentStatusAfter(order, event, next),
      payoutStatus: next.then.includes('payout') ? 'owed' : order.payoutStatus,
      paidAt: isPaid ? now : order.paidAt,
      shipBy: isPaid ? await this.deadlines.shipBy(tx, now) : order.shipBy,
      updatedAt: now,
      version: order.version + 1,
    };
  }

  private async follow(tx: Transaction, { before, order }: { before: Status; order: Order }, happening: Happening, next: Step): Promise<void> {
    await Promise.all([
      this.steps.add(tx, order.id, next.then),
      this.deadlines.dropOvertaken(tx, before, order),
      next.starts && this.deadlines.start(tx, order.id, next.starts, happening.at ?? order.updatedAt),
    ]);
  }
}

function entryOf(before: Order, order: Order, { event, actor, actorId, reason = '', request }: Happening): HistoryEntry {
  const traceId = traceIdOf(currentTraceparent()) ?? '';
  return { version: order.version, event, from: before.status, to: order.status, actor, actorId, reason, at: order.updatedAt, traceId, ...(request && { request }) };
}

function paymentStatusAfter(order: Order, event: OrderEvent, next: Step): Order['paymentStatus'] {
  if (next.then.includes('refund') || next.then.includes('refund_from_platform')) return 'refunding';
  if (next.then.includes('charge')) return 'pending';
  if (event === 'payment_captured') return 'captured';
  return event === 'payment_failed' ? 'failed' : order.paymentStatus;
}
