import { Injectable } from '@nestjs/common';
import { ApplyWebhooks } from '../../application/apply-webhooks';
import { CarryPayouts } from '../../application/carry-payouts';
import { FireTimers } from '../../application/fire-timers';
import { RunOperations, UnknownTasks } from '../../application/run-operations';
import { WatchCharges } from '../../application/watch-charges';

/** One pass of each kind. Those that answer a boolean say whether there is more to do for the others. */
@Injectable()
export class MoneyWork {
  constructor(
    private readonly operations: RunOperations,
    private readonly webhooks: ApplyWebhooks,
    private readonly timers: FireTimers,
    private readonly payouts: CarryPayouts,
    private readonly charges: WatchCharges,
    private readonly tasks: UnknownTasks,
  ) {}

  runOperations(): Promise<void> {
    return this.operations.execute();
  }

  get inFlight(): number {
    return this.operations.inFlight;
  }

  drained(): Promise<void> {
    return this.operations.drained();
  }

  applyWebhooks(): Promise<void> {
    return this.webhooks.execute();
  }

  async fireTimers(): Promise<boolean> {
    const haveFired = await this.timers.execute();
    const haveGoneOn = await this.payouts.carryReady();
    return haveFired || haveGoneOn;
  }

  async watch(): Promise<void> {
    await this.tasks.execute();
    await this.charges.execute();
    await this.payouts.lookAtOverdue();
  }

  async dueCount(): Promise<number> {
    return (await this.timers.dueCount()) + (await this.payouts.readyCount());
  }
}
