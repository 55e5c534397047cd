import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import type { Money } from '@libs/kernel/money';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { alertNotFound, currencyWrong, tooMany } from '../domain/errors';
import { type PriceAlert, PriceAlerts } from './collections';
import { FindMarket } from './find-market';

const ALERTS_MAX = 100;

/** At what lowest ask a user wants to be told. */
@Injectable()
export class KeepAlerts {
  constructor(
    private readonly alerts: PriceAlerts,
    private readonly markets: FindMarket,
    private readonly transactions: Transactions,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  read(userId: string): Promise<PriceAlert[]> {
    return this.alerts.all(userId);
  }

  async create(userId: string, marketId: string, threshold: Money): Promise<PriceAlert> {
    const market = await this.markets.execute(marketId);
    if (market.currency !== threshold.currency) throw currencyWrong(market.currency);
    const alert = { id: this.ids.next('alt'), marketId, threshold, createdAt: this.clock.now() };
    await this.transactions.run(async (tx) => {
      if ((await this.alerts.lockedOf(tx, userId)).length >= ALERTS_MAX) throw tooMany('alerts', ALERTS_MAX);
      await this.alerts.create(tx, userId, alert);
    });
    return alert;
  }

  async change(userId: string, id: string, threshold: Money): Promise<PriceAlert> {
    return this.transactions.run(async (tx) => {
      const alert = await this.own(tx, userId, id);
      if (alert.threshold.currency !== threshold.currency) throw currencyWrong(alert.threshold.currency);
      await this.alerts.change(tx, id, threshold);
      return { ...alert, threshold };
    });
  }

  async remove(userId: string, id: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      await this.own(tx, userId, id);
      await this.alerts.remove(tx, id);
    });
  }

  private async own(tx: Transaction, userId: string, id: string): Promise<PriceAlert> {
    const alert = (await this.alerts.lockedOf(tx, userId)).find((one) => one.id === id);
    if (!alert) throw alertNotFound(id);
    return alert;
  }
}
