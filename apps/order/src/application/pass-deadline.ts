import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import type { Transaction } from '@libs/postgres/transaction';
import { rulingOn } from '../domain/deadlines';
import { losses, timers } from '../domain/lifecycle';
import type { Order } from '../domain/order';
import type { ParcelState } from '../domain/parcel';
import { Advance } from './advance';
import { Orders, Shipments, Steps, type Timer, Timers } from './ports';
import { TellOperator } from './tell-operator';

/** What follows when a deadline has passed: its event happens, or a person is told to look. */
@Injectable()
export class PassDeadline {
  constructor(
    private readonly orders: Orders,
    private readonly timers: Timers,
    private readonly steps: Steps,
    private readonly shipments: Shipments,
    private readonly advance: Advance,
    private readonly operator: TellOperator,
  ) {}

  async execute(tx: Transaction, timer: Timer, now: Date): Promise<void> {
    const order = await this.orders.lock(tx, timer.orderId);
    const isDue = (await this.timers.open(tx, timer.orderId)).some(({ kind, dueAt }) => kind === timer.kind && dueAt <= now);
    // Under the lock: what was read before it may be overtaken or put off, or an operation of the order may have become unknown.
    if (!order || !isDue || (await this.steps.hasOpen(tx, timer.orderId))) return;
    const ruling = rulingOn(timer.kind, await this.parcelOf(tx, order));
    if (ruling === 'hold') return;
    failpoint('order.timerFired');
    if (ruling === 'tell') await this.operator.overdue(tx, timer);
    const isFired = ruling === 'tell' || (await this.fire(tx, timer));
    await this.timers.settle(tx, timer, now, isFired ? 'fired' : 'overtaken');
  }

  private async fire(tx: Transaction, { orderId, kind, dueAt }: Timer): Promise<boolean> {
    const { event } = timers[kind];
    if (!event) return false;
    const { outcome } = await this.advance.execute(tx, orderId, { event, actor: 'timer', at: dueAt });
    if (outcome === 'applied' && event === losses.seller_shipping?.event) await this.operator.claim(tx, orderId, 'inbound');
    return outcome === 'applied';
  }

  /** What the carrier last said of the parcel that the order waits for. */
  private async parcelOf(tx: Transaction, { id, status, tracking }: Order): Promise<ParcelState | undefined> {
    const leg = losses[status]?.leg;
    const number = leg && tracking[leg];
    const parcel = number ? await this.shipments.find(tx, number) : undefined;
    return parcel?.orderId === id ? parcel.state : undefined;
  }
}
