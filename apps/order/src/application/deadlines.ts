import { Injectable } from '@nestjs/common';
import type { Transaction } from '@libs/postgres/transaction';
import { dueAt, shipByOf } from '../domain/deadlines';
import { step, type TimerKind, timerEvents } from '../domain/lifecycle';
import type { Order } from '../domain/order';
import { Calendar, Timers } from './ports';

/** The deadlines of an order: rows that begin with a status and end with it. */
@Injectable()
export class Deadlines {
  constructor(
    private readonly timers: Timers,
    private readonly calendar: Calendar,
  ) {}

  async shipBy(tx: Transaction, paidAt: Date): Promise<Date> {
    return shipByOf(paidAt, await this.calendar.rules(tx, paidAt), await this.calendar.holidays(tx, paidAt));
  }

  async start(tx: Transaction, orderId: string, kind: TimerKind, from: Date): Promise<void> {
    const rules = await this.calendar.rules(tx, from);
    await this.timers.start(tx, { orderId, kind, dueAt: dueAt(kind, from, rules, await this.calendar.holidays(tx, from)) });
  }

  async hasPassed(tx: Transaction, orderId: string, kind: TimerKind, at: Date): Promise<boolean> {
    const timer = (await this.timers.open(tx, orderId)).find((open) => open.kind === kind);
    return timer !== undefined && timer.dueAt <= at;
  }

  /** Ends the deadlines that mean nothing in the order's present status. */
  async dropOvertaken(tx: Transaction, order: Order, at: Date): Promise<void> {
    for (const timer of await this.timers.open(tx, order.id)) {
      if (!step(order.status, timerEvents[timer.kind])) await this.timers.settle(tx, timer, at, 'overtaken');
    }
  }
}
