import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Metrics } from '@libs/chassis/metrics';
import { Ledger } from '../../application/ports';

/** Two figures that an operator watches: how much is held, and the sum of the whole ledger, which is never anything but zero. */
@Injectable()
export class LedgerGauges {
  private readonly held;
  private readonly imbalance;

  constructor(
    private readonly ledger: Ledger,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.held = metrics.gauge('escrow_held_minor', 'Money held for orders, in minor units', ['currency']);
    this.imbalance = metrics.gauge('ledger_imbalance_minor', 'Sum of all ledger entries, in minor units: zero', ['currency']);
  }

  async read(): Promise<void> {
    const sums = new Map<string, number>();
    for (const { code, currency, balanceMinor } of await this.ledger.trialBalance()) {
      if (code === 'held') this.held.set({ currency }, -balanceMinor);
      sums.set(currency, (sums.get(currency) ?? 0) + balanceMinor);
    }
    for (const [currency, sum] of sums) {
      this.imbalance.set({ currency }, sum);
      if (sum !== 0) this.log.error({ currency, sum }, 'the ledger does not balance');
    }
  }
}
