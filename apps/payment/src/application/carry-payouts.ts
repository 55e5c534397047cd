import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { Payments, Payouts } from './ports';
import { PayoutSteps } from './payout-steps';
import { WatchPayouts } from './watch-payouts';

const BATCH_MAX = 50;

/** Payouts that waited for the seller's account go on when it may be paid; those that are late are asked about. */
@Injectable()
export class CarryPayouts {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly payouts: Payouts,
    private readonly steps: PayoutSteps,
    private readonly watch: WatchPayouts,
    private readonly clock: Clock,
  ) {}

  /** Whether any went on. */
  async carryReady(): Promise<boolean> {
    const ready = await this.payouts.ready(this.clock.now(), BATCH_MAX);
    for (const orderId of ready) {
      await this.transactions.run(async (tx) => {
        await this.payments.lock(tx, orderId);
        const payout = await this.payouts.ofOrder(tx, orderId);
        if (payout) await this.steps.carryOn(tx, payout);
      });
    }
    return ready.length > 0;
  }

  async readyCount(): Promise<number> {
    return (await this.payouts.ready(this.clock.now(), BATCH_MAX)).length;
  }

  async lookAtOverdue(): Promise<void> {
    for (const { accountId, providerId } of await this.payouts.takeOverdue(this.clock.now(), BATCH_MAX)) await this.watch.look(accountId, providerId);
  }
}
