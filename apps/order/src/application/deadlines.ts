import { Injectable } from '@nestjs/common';
import type { Transaction } from '@libs/postgres/transaction';
import { dueAt, shipByOf } from '../domain/deadlines';
import { losses, type Status, type TimerKind, timersDuring } from '../domain/lifecycle';
import type { Order } from '../domain/order';
import { OrderConfig } from '../order.config';
import { Calendar, ManualTasks, Timers } from './ports';
import { numberOf } from './tell-operator';

/** The deadlines of an order: rows that begin with a status and end with it. */
@Injectable()
export class Deadlines {
  constructor(
    private readonly timers: Timers,
    private readonly calendar: Calendar,
    private readonly tasks: ManualTasks,
    private readonly config: OrderConfig,
  ) {}

  async shipBy(tx: Transaction, from: Date): Promise<Date> {
    return shipByOf(from, await this.calendar.rules(tx, from), this.config.values.HOLIDAYS);
  }

  /** Begins to run at `from`; one that runs already is put off if that is later. */
  async start(tx: Transaction, orderId: string, kind: TimerKind, from: Date): Promise<void> {
    const rules = await this.calendar.rules(tx, from);
    await this.timers.start(tx, { orderId, kind, dueAt: dueAt(kind, from, rules, this.config.values.HOLIDAYS) });
  }

  async hasPassed(tx: Transaction, orderId: string, kind: TimerKind, at: Date): Promise<boolean> {
    const timer = (await this.timers.open(tx, orderId)).find((open) => open.kind === kind);
    return timer !== undefined && timer.dueAt <= at;
  }

  /** Ends what means nothing once the order has left a status: its deadlines, and what a person was to look at meanwhile. */
  async dropOvertaken(tx: Transaction, left: Status, { id, status, updatedAt: at }: Order): Promise<void> {
    if (left === status) return;
    const kinds = timersDuring(left);
    if (kinds.length === 0) return;
    const subjects = [...kinds, ...(losses[left] ? [losses[left].leg, numberOf(losses[left].leg)] : [])];
    await Promise.all([this.timers.overtake(tx, id, kinds, at), this.tasks.close(tx, id, subjects, { at, reason: `The order went on: it is ${status}.` })]);
  }
}
