import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import type { Money } from '@libs/kernel/money';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { currencyWrong, inFuture, itemNotFound, saleFollowsOrder, saleIncomplete, soldBeforeAcquired, tooMany } from '../domain/errors';
import { type NewItem, Portfolio, type PortfolioItem, type Sale } from './collections';
import { FindMarket } from './find-market';
import { Trades } from './ports';

export const ITEMS_MAX = 2_000;

/** What is absent stays as it is. */
export interface ItemChange {
  readonly cost: Money | undefined;
  readonly acquiredAt: Date | undefined;
  readonly note: string | undefined;
  readonly proceeds: Money | undefined;
  readonly soldAt: Date | undefined;
}

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
    this.requirePast(acquiredAt, 'acquiredAt');
    const item: NewItem = { id: this.ids.next('pfi'), marketId, cost, acquiredAt, source: 'manual', note };
    await this.transactions.run(async (tx) => {
      if ((await this.portfolio.countLocked(tx, userId)) >= ITEMS_MAX) throw tooMany('items', ITEMS_MAX);
      await this.portfolio.add(tx, userId, [item]);
    });
    return { ...item, productId: market.productId, size: market.size, orderId: undefined, sold: undefined };
  }

  /** Corrects an item; proceeds say that it is sold, at once or when `soldAt` says. */
  async change(userId: string, id: string, change: ItemChange): Promise<PortfolioItem> {
    return this.transactions.run(async (tx) => {
      const item = await this.own(tx, userId, id);
      const { cost = item.cost, acquiredAt = item.acquiredAt, note = item.note } = change;
      const sold = this.saleAfter(item, change);
      for (const { currency } of [cost, ...(sold ? [sold.proceeds] : [])]) if (item.cost.currency !== currency) throw currencyWrong(item.cost.currency);
      this.requirePast(acquiredAt, 'acquiredAt');
      if (sold) this.requirePast(sold.at, 'soldAt');
      if (sold && sold.at < acquiredAt) throw soldBeforeAcquired();
      const changed = { ...item, cost, acquiredAt, note, sold };
      await this.portfolio.change(tx, id, changed);
      return changed;
    });
  }

  /** Takes back a sale that was entered by hand: the pair is owned as before. */
  async takeBackSale(userId: string, id: string): Promise<PortfolioItem> {
    return this.transactions.run(async (tx) => {
      const item = await this.own(tx, userId, id);
      requireHand(item);
      const owned = { ...item, sold: undefined };
      await this.portfolio.change(tx, id, owned);
      return owned;
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

  private saleAfter(item: PortfolioItem, change: ItemChange): Sale | undefined {
    if (!change.proceeds && !change.soldAt) return item.sold;
    requireHand(item);
    const proceeds = change.proceeds ?? item.sold?.proceeds;
    if (!proceeds) throw saleIncomplete();
    return { proceeds, at: change.soldAt ?? item.sold?.at ?? this.clock.now() };
  }

  private requirePast(at: Date, field: 'acquiredAt' | 'soldAt'): void {
    if (at > this.clock.now()) throw inFuture(field);
  }

  private async own(tx: Transaction, userId: string, id: string): Promise<PortfolioItem> {
    const item = await this.portfolio.find(tx, userId, id);
    if (!item) throw itemNotFound(id);
    return item;
  }
}

function requireHand({ id, source, sold }: PortfolioItem): void {
  if (source === 'order' || sold?.orderId) throw saleFollowsOrder(id);
}
