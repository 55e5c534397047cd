import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { Payouts } from './ports';
import { PayoutSteps } from './payout-steps';
import { Setbacks } from './setbacks';
import { WatchPayouts } from './watch-payouts';

const BATCH_MAX = 50;

/** Payouts that waited for the seller's account go on when it may be paid; those that are late are asked about. */
@Injectable()
export class CarryPayouts {
  /** The order at which the last pass ended, if it did not come to the end: payouts that keep failing hold up none behind them. */
  private carriedTo: string | undefined;

  constructor(
    private readonly transactions: Transactions,
    private readonly payouts: Payouts,
    private readonly steps: PayoutSteps,
    private readonly watch: WatchPayouts,
    private readonly setbacks: Setbacks,
    private readonly clock: Clock,
  ) {}

  /** One batch, from where the last one ended; whether any went on. */
  async carryReady(): Promise<boolean> {
    const ready = await this.payouts.ready(this.clock.now(), BATCH_MAX, this.carriedTo);
    this.carriedTo = ready.length < BATCH_MAX ? undefined : ready.at(-1);
    let hasGoneOn = false;
    for (const orderId of ready) {
      const goesOn = await this.setbacks.attempt({ subject: `payout of ${orderId}`, orderId }, () => this.transactions.run((tx) => this.steps.resume(tx, orderId)));
      hasGoneOn = hasGoneOn || goesOn === true;
    }
    return hasGoneOn;
  }

  async readyCount(): Promise<number> {
    return (await this.payouts.ready(this.clock.now(), BATCH_MAX)).length;
  }

  async lookAtOverdue(): Promise<void> {
    for (const { accountId, providerId } of await this.payouts.takeOverdue(this.clock.now(), BATCH_MAX)) {
      await this.setbacks.attempt({ subject: `late payout ${providerId}` }, () => this.watch.look(accountId, providerId));
    }
  }
}
