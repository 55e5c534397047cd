import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { Catalogue, Histories, Owners, Rebuilding, UnwrittenTrades } from './ports';
import { RecordTrade } from './record-trade';

const PAGE = 500;

/** What a rebuild does elsewhere. */
@Injectable()
export class RemoteParts {
  constructor(
    readonly histories: Histories,
    readonly unwritten: UnwrittenTrades,
  ) {}
}

/** Builds the projection anew from its owners, beside the one that is read, and answers when one has been asked for. */
@Injectable()
export class Rebuild {
  constructor(
    private readonly rebuilding: Rebuilding,
    private readonly owners: Owners,
    private readonly catalogue: Catalogue,
    private readonly trades: RecordTrade,
    private readonly parts: RemoteParts,
    private readonly transactions: Transactions,
  ) {}

  async pass(): Promise<boolean> {
    const id = await this.rebuilding.begin();
    if (id === undefined) return false;
    try {
      await this.gather();
      await this.swap(id);
    } catch (error) {
      await this.rebuilding.fail(id, error instanceof Error ? error.message : String(error));
      throw error;
    }
    return true;
  }

  /** Owners are never behind their events: what was announced before the beginning is in what they list now, and what comes after is written to both. */
  private async gather(): Promise<void> {
    await this.products();
    await pages((after) => this.owners.matches(after, PAGE), ({ matchId }) => matchId, (page) => this.rebuilding.gatherMatches(page));
    await pages((after) => this.owners.paidOrders(after, PAGE), ({ orderId }) => orderId, (page) => this.rebuilding.gatherPaid(page));
    await pages((after) => this.owners.openAsks(after, PAGE), ({ askId }) => askId, (page) => this.rebuilding.gatherAsks(page));
  }

  private async products(): Promise<void> {
    let cursor = '';
    do {
      const { products, nextCursor } = await this.owners.products(cursor, 100);
      for (const product of products) {
        await this.transactions.run(async (tx) => {
          await this.catalogue.learn(tx, product);
          await this.trades.branded(tx, product.id, product.brand);
        });
      }
      cursor = nextCursor;
    } while (cursor !== '');
  }

  private async swap(id: string): Promise<void> {
    const { histories: { remote }, unwritten } = this.parts;
    await this.transactions.run(async (tx) => {
      await this.rebuilding.finish(tx, id);
      // From here on the history counts as behind, and charts come from the trades.
      if (remote) await unwritten.addAll(tx);
    });
    if (!remote) return;
    await this.transactions.run(async (tx) => {
      await unwritten.addAll(tx);
      await remote.clear();
    });
  }
}

async function pages<T>(read: (after: string) => Promise<readonly T[]>, idOf: (one: T) => string, take: (page: readonly T[]) => Promise<void>): Promise<void> {
  for (let after = ''; ; ) {
    const page = await read(after);
    const last = page.at(-1);
    if (!last) return;
    await take(page);
    after = idOf(last);
  }
}
