import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
import { PassDeadline } from './pass-deadline';
import { type Timer, Timers } from './ports';

const BATCH_MAX = 100;

/** One pass over the deadlines that have passed, in the order of their due times. */
@Injectable()
export class FireTimers {
  constructor(
    private readonly timers: Timers,
    private readonly passing: PassDeadline,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async execute(): Promise<void> {
    for (let last: Timer | undefined; ; ) {
      const due = await this.timers.due(this.clock.now(), BATCH_MAX, last);
      for (const timer of due) {
        // One order that cannot go on does not keep the others waiting; its deadline is tried again at the next pass.
        await this.fire(timer).catch((error: unknown) => this.log.error({ order_id: timer.orderId, timer: timer.kind, error }, 'a deadline could not be fired'));
      }
      if (due.length < BATCH_MAX) return;
      last = due.at(-1);
    }
  }

  private async fire(timer: Timer): Promise<void> {
    await this.transactions.run((tx) => this.passing.execute(tx, timer, this.clock.now()));
    failpoint('order.afterCommit');
  }
}
