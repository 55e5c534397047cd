import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import type { Money } from '@libs/kernel/money';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { currencyWrong, inFuture, itemNotFound, tooMany } from '../domain/errors';
import { type NewItem, Portfolio, type PortfolioItem } from './collections';
import { FindMarket } from './find-market';
import { Trades } from './ports';

export const ITEMS_MAX = 2_000;

/** What a user owns and has sold: by hand, and by the orders that are delivered. */
@Injectable()
export class KeepPortfolio {
  constructor(
    private readonly portfolio: Portfolio,
    private readonly markets: FindMarket,
    private readonly trades: Trades,
    private readonly transactions: Transactions,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async add(userId: string, { marketId, cost, acquiredAt = this.clock.now(), note }: { marketId: string; cost: Money; acquiredAt: Date | undefined; note: string }): Promise<PortfolioItem> {
    const market = await this.markets.execute(marketId);
    if (market.currency !== cost.currency) throw currencyWrong(market.currency);
    this.requirePast(acquiredAt);
    const item: NewItem = { id: this.ids.next('pfi'), marketId, cost, acquiredAt, source: 'manual', note };
    await this.transactions.run(async (tx) => {
      if ((await this.portfolio.countLocked(tx, userId)) >= ITEMS_MAX) throw tooMany('items', ITEMS_MAX);
      await this.portfolio.add(tx, userId, [item]);
    });
    return { ...item, productId: market.productId, size: market.size, orderId: undefined, sold: undefined };
  }

  async change(userId: string, id: string, change: { cost: Money | undefined; acquiredAt: Date | undefined; note: string | undefined }): Promise<PortfolioItem> {
    return this.transactions.run(async (tx) => {
      const item = await this.own(tx, userId, id);
      const { cost = item.cost, acquiredAt = item.acquiredAt, note = item.note } = change;
      if (item.cost.currency !== cost.currency) throw currencyWrong(item.cost.currency);
      this.requirePast(acquiredAt);
      await this.portfolio.change(tx, id, { cost, acquiredAt, note });
      return { ...item, cost, acquiredAt, note };
    });
  }

  async remove(userId: string, id: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      await this.own(tx, userId, id);
      await this.portfolio.remove(tx, id);
    });
  }

  /** The pair has arrived: the buyer owns it, and the seller's own one is sold. */
  async delivered(tx: Transaction, orderId: string, at: Date): Promise<void> {
    const trade = await this.trades.ofOrder(tx, orderId);
    if (!trade?.isSale) return;
    const { buyerId, sellerId, marketId, price } = trade;
    await this.portfolio.add(tx, buyerId, [{ id: this.ids.next('pfi'), marketId, cost: price, acquiredAt: trade.soldAt, source: 'order', orderId, note: '' }]);
    await this.portfolio.sell(tx, sellerId, { marketId, proceeds: price, at, orderId });
  }

  private requirePast(acquiredAt: Date): void {
    if (acquiredAt > this.clock.now()) throw inFuture();
  }

  private async own(tx: Transaction, userId: string, id: string): Promise<PortfolioItem> {
    const item = await this.portfolio.find(tx, userId, id);
    if (!item) throw itemNotFound(id);
    return item;
  }
}
