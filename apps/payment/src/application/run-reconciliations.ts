import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { PaymentConfig } from '../payment.config';
import { Reconciliations, type ReconciliationResult } from './ports';
import { Reconcile } from './reconcile';

const SCHEDULE = 'schedule';

/** Compares when somebody asks, and by the schedule; what came of it is kept to be read. */
@Injectable()
export class RunReconciliations {
  private scheduledAt = 0;

  constructor(
    private readonly reconcile: Reconcile,
    private readonly kept: Reconciliations,
    private readonly wall: WallClock,
    private readonly config: PaymentConfig,
  ) {}

  async execute(): Promise<void> {
    const now = this.wall.now();
    if (now.getTime() - this.scheduledAt >= this.config.values.PAYMENT_RECONCILE_MS) {
      this.scheduledAt = now.getTime();
      await this.kept.ask(SCHEDULE, now);
      await this.kept.prune(now);
    }
    // One that was cut short by our end is begun again: comparing twice books nothing twice.
    for (let id = await this.kept.next(); id !== undefined; id = await this.kept.next()) await this.run(id);
  }

  private async run(id: string): Promise<void> {
    await this.kept.start(id, this.wall.now());
    const result = await this.reconcile.execute().catch(async (error: unknown) => {
      await this.kept.finish(id, nothing, this.wall.now());
      throw error;
    });
    await this.kept.finish(id, result, this.wall.now());
  }
}

const nothing: ReconciliationResult = { outcome: 'failed', lines: 0, feesBooked: 0, unmatched: 0 };
