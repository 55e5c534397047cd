import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { tooMany, watchlistNotFound } from '../domain/errors';
import { type Watchlist, Watchlists } from './collections';
import { FindMarket } from './find-market';

const LISTS_MAX = 20;
const MARKETS_MAX = 200;

/** The markets that a user follows, in lists of their own. */
@Injectable()
export class KeepWatchlists {
  constructor(
    private readonly lists: Watchlists,
    private readonly markets: FindMarket,
    private readonly transactions: Transactions,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  read(userId: string): Promise<Watchlist[]> {
    return this.lists.all(userId);
  }

  async create(userId: string, name: string): Promise<Watchlist> {
    const list = { id: this.ids.next('wls'), name, createdAt: this.clock.now() };
    await this.transactions.run(async (tx) => {
      if ((await this.lists.lockedOf(tx, userId)).length >= LISTS_MAX) throw tooMany('watchlists', LISTS_MAX);
      await this.lists.create(tx, userId, list);
    });
    return { ...list, marketIds: [] };
  }

  async rename(userId: string, id: string, name: string): Promise<Watchlist> {
    return this.transactions.run(async (tx) => {
      const list = await this.own(tx, userId, id);
      await this.lists.rename(tx, id, name);
      return { ...list, name };
    });
  }

  async remove(userId: string, id: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      await this.own(tx, userId, id);
      await this.lists.remove(tx, id);
    });
  }

  async put(userId: string, id: string, marketId: string): Promise<Watchlist> {
    await this.markets.execute(marketId);
    return this.transactions.run(async (tx) => {
      const list = await this.own(tx, userId, id);
      if (list.marketIds.includes(marketId)) return list;
      if (list.marketIds.length >= MARKETS_MAX) throw tooMany('markets', MARKETS_MAX);
      await this.lists.put(tx, id, marketId, this.clock.now());
      return { ...list, marketIds: [...list.marketIds, marketId] };
    });
  }

  async take(userId: string, id: string, marketId: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      await this.own(tx, userId, id);
      await this.lists.take(tx, id, marketId);
    });
  }

  private async own(tx: Transaction, userId: string, id: string): Promise<Watchlist> {
    const list = (await this.lists.lockedOf(tx, userId)).find((one) => one.id === id);
    if (!list) throw watchlistNotFound(id);
    return list;
  }
}
