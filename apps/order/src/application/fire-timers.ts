import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
import { timerEvents } from '../domain/lifecycle';
import { Advance } from './advance';
import { Orders, Steps, type Timer, Timers } from './ports';

const BATCH_MAX = 100;

/** One pass over the deadlines that have passed, in the order of their due times. */
@Injectable()
export class FireTimers {
  constructor(
    private readonly timers: Timers,
    private readonly orders: Orders,
    private readonly steps: Steps,
    private readonly advance: Advance,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    for (;;) {
      const due = await this.timers.due(this.clock.now(), BATCH_MAX);
      for (const timer of due) await this.fire(timer);
      if (due.length < BATCH_MAX) return;
    }
  }

  private async fire(timer: Timer): Promise<void> {
    await this.transactions.run(async (tx) => {
      await this.orders.lock(tx, timer.orderId);
      const isOpen = (await this.timers.open(tx, timer.orderId)).some(({ kind }) => kind === timer.kind);
      // Under the lock: what was read before it may be overtaken, or an operation of the order may have become unknown.
      if (!isOpen || (await this.steps.hasOpen(tx, timer.orderId))) return;
      failpoint('order.timerFired');
      const { outcome } = await this.advance.execute(tx, timer.orderId, { event: timerEvents[timer.kind], actor: 'timer', at: timer.dueAt });
      await this.timers.settle(tx, timer, this.clock.now(), outcome === 'applied' ? 'fired' : 'overtaken');
    });
    failpoint('order.afterCommit');
  }
}
