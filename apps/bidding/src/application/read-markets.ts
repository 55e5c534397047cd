import { Injectable } from '@nestjs/common';
import { marketNotFound } from '../domain/errors';
import type { MarketTerms } from '../domain/market';
import { type SellersView, sellersView } from '../domain/sellers-view';
import { type BookLevels, Books, type BookState, type BookTop } from './books';
import { MarketDirectory } from './market-directory';
import { type MarketFacts, Records, type StoredMarket } from './ports';
import { ProjectBooks } from './project-books';

const DEPTH_DEFAULT = 50;
const DEPTH_MAX = 100;
const WAIT_MS_MAX = 100;
const FACTS_MAX = 100;

export interface MarketView {
  readonly terms: MarketTerms;
  readonly state: BookState;
  readonly top: BookTop;
  readonly selling: SellersView;
  readonly lastSale: StoredMarket['lastSale'];
}

/** What everybody may see of markets: from the live books, and from the database where those cannot answer. */
@Injectable()
export class ReadMarkets {
  constructor(
    private readonly books: Books,
    private readonly records: Records,
    private readonly directory: MarketDirectory,
    private readonly projection: ProjectBooks,
  ) {}

  /** Unknown ids are left out. */
  async views(marketIds: readonly string[]): Promise<MarketView[]> {
    const found = (await Promise.all(marketIds.map((id) => this.directory.find(id)))).filter((market) => market !== undefined);
    const tops = await this.tops(found.map(({ terms }) => terms.id));
    return found.flatMap(({ terms, lastSale }, i) => {
      const top = tops[i];
      if (!top) return [];
      const state = terms.retired ? 'retired' : top.state;
      return [{ terms, state, top, selling: sellersView(terms, top, state === 'open'), lastSale }];
    });
  }

  /** `minSeq`: the reader knows of that step, and is shown no book without it. */
  async book(marketId: string, depth: number, minSeq: number): Promise<BookLevels> {
    if (!(await this.directory.find(marketId))) throw marketNotFound(marketId);
    const levels = Math.min(depth === 0 ? DEPTH_DEFAULT : depth, DEPTH_MAX);
    const live = (await this.live(marketId, levels, minSeq)) ?? (await this.records.book(marketId, levels));
    if (!live) throw marketNotFound(marketId);
    return live;
  }

  /** For services that keep a projection of the markets. */
  facts(after: string, limit: number): Promise<MarketFacts[]> {
    return this.records.marketFacts(after, Math.min(limit > 0 ? limit : FACTS_MAX, FACTS_MAX));
  }

  async activeAsks(marketId: string): Promise<number> {
    if (!(await this.directory.find(marketId))) throw marketNotFound(marketId);
    return (await this.tops([marketId]))[0]?.asks ?? 0;
  }

  private async live(marketId: string, depth: number, minSeq: number): Promise<BookLevels | undefined> {
    try {
      const first = await this.books.levels(marketId, depth);
      if (!first) this.projection.doubt([marketId]);
      if (!first || first.seq >= minSeq) return first;
      await this.books.reached(marketId, minSeq, WAIT_MS_MAX);
      const second = await this.books.levels(marketId, depth);
      return second && second.seq >= minSeq ? second : undefined;
    } catch {
      return undefined; // Out of reach: the database answers.
    }
  }

  private async tops(marketIds: readonly string[]): Promise<(BookTop | undefined)[]> {
    const live = await this.books.tops(marketIds).catch(() => marketIds.map(() => undefined));
    const missing = marketIds.filter((_, i) => live[i] === undefined);
    if (missing.length === 0) return live;
    this.projection.doubt(missing);
    const images = new Map((await this.records.images(missing)).map((image) => [image.marketId, image]));
    return live.map((top, i) => {
      const image = top ?? images.get(marketIds[i] as string);
      if (!image || 'asks' in image) return image;
      const prices = (side: 'bid' | 'ask') => image.members.filter((member) => member.side === side).map(({ price }) => price);
      const [bids, asks] = [prices('bid'), prices('ask')];
      return {
        ...image, bids: bids.length, asks: asks.length,
        highestBid: bids.length === 0 ? undefined : Math.max(...bids), lowestAsk: asks.length === 0 ? undefined : Math.min(...asks),
      };
    });
  }
}
