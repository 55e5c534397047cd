import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { failpoint } from '@libs/kernel/failpoint';
import type { Market } from '../domain/market';
import { changesOf, imageOf } from './book-changes';
import { Books, type BookChange, type BookImage, type BookTop } from './books';
import { MarketFeed, type MarketUpdate } from './market-feed';
import { type CommittedBatch, Writer, type WriterListener } from './writer';

const CHECKED_AT_ONCE_MAX = 500;
const REBUILT_MEMBERS_AT_ONCE_MAX = 20_000;

/** Keeps the live books at what is committed: changes go out right after their commit and nobody waits; what does not fit is written whole. */
@Injectable()
export class ProjectBooks implements WriterListener {
  /** Markets whose book may not be what the floor is. */
  private readonly doubtful = new Set<string>();
  private inFlight = 0;
  private nudge: () => void = () => undefined;

  constructor(
    private readonly writer: Writer,
    private readonly books: Books,
    private readonly feed: MarketFeed,
    private readonly log: Log,
  ) {
    writer.listen(this);
  }

  /** Called when there is something to repair. */
  onDoubt(nudge: () => void): void {
    this.nudge = nudge;
  }

  get pending(): number {
    return this.inFlight + this.doubtful.size;
  }

  loaded(marketIds: Iterable<string>): void {
    this.doubt(marketIds);
  }

  doubt(marketIds: Iterable<string>): void {
    for (const id of marketIds) this.doubtful.add(id);
    if (this.doubtful.size > 0) this.nudge();
  }

  committed({ batch, epochs, committedAtMs }: CommittedBatch): void {
    if (batch.steps.size === 0) return;
    const changes = changesOf(batch, epochs);
    const updates = this.feed.isHeard ? changes.map((change) => this.updateOf(change, committedAtMs)) : [];
    this.inFlight++;
    failpoint('bidding.beforeRedis');
    const applied = this.books.apply(changes);
    failpoint('bidding.midRedis');
    applied.then(
      (answers) => {
        failpoint('bidding.afterRedis');
        this.doubt(changes.filter((_, i) => answers[i] === 'GAP' || answers[i] === 'REBUILD').map(({ marketId }) => marketId));
      },
      (error: unknown) => {
        this.log.warn({ error, markets: changes.length }, 'the live books are out of reach; they will be written again');
        this.doubt(changes.map(({ marketId }) => marketId));
      },
    ).finally(() => {
      this.inFlight--;
      if (updates.length > 0) this.feed.publish(updates);
    });
  }

  /** Compares doubtful books with the floor, and writes those anew that differ. Answers whether there is more. */
  async pass(): Promise<boolean> {
    const ids = [...this.doubtful].slice(0, CHECKED_AT_ONCE_MAX);
    if (ids.length === 0) return false;
    this.inFlight++;
    try {
      const compared = await this.compare(ids);
      if (!compared) return false;
      try {
        for (const image of (await this.imagesOf(compared.different)) ?? []) await this.write(image);
      } finally {
        // Until now such a book was read as it should not have been; one that was not there came from the database.
        if (compared.isAnyRead) this.feed.doubt();
      }
      return this.doubtful.size > 0;
    } catch (error) {
      for (const id of ids) this.doubtful.add(id);
      throw error;
    } finally {
      this.inFlight--;
    }
  }

  private async write(image: BookImage): Promise<void> {
    const outcome = await this.books.rebuild(image);
    if (outcome === 'FENCED') this.log.warn({ market_id: image.marketId, epoch: image.epoch }, 'another owner writes this book');
    // What was committed while the image was on its way may have changed only the book that it has replaced.
    if (this.writer.floor.markets.get(image.marketId)?.seq !== image.seq) this.doubt([image.marketId]);
  }

  /**
   * Which of these are not at the floor, and whether any of those could be read; what is right is doubted no more. Book and floor are those of one
   * moment, for what the books are asked here they answer after all that was sent to them before: one that is only traded meanwhile is not wrong.
   */
  private async compare(ids: readonly string[]): Promise<{ different: string[]; isAnyRead: boolean } | undefined> {
    const looked = await this.betweenBatches(async () => {
      for (const id of ids) this.doubtful.delete(id);
      const floor = ids.map((id) => this.ownMarket(id)).map((market) => market && standOf(market));
      return { floor, tops: await this.books.tops(ids) };
    });
    if (!looked) return undefined;
    const isDifferent = ids.map((_, i) => looked.floor[i] !== undefined && !isAt(looked.floor[i], looked.tops[i]));
    return { different: ids.filter((_, i) => isDifferent[i]), isAnyRead: looked.tops.some((top, i) => isDifferent[i] && top !== undefined) };
  }

  /** What does not fit into one pass is doubted on. */
  private imagesOf(ids: readonly string[]): Promise<BookImage[] | undefined> {
    for (const id of ids) this.doubtful.add(id);
    return this.betweenBatches(() => {
      const images: BookImage[] = [];
      let members = 0;
      for (const id of ids) {
        if (members > REBUILT_MEMBERS_AT_ONCE_MAX) break;
        this.doubtful.delete(id);
        const market = this.ownMarket(id);
        if (!market) continue;
        const image = imageOf(market, this.writer.owned);
        members += image.members.length;
        images.push(image);
      }
      return images;
    });
  }

  /** Done when the writer is between two batches: then the floor is what is committed. Undefined when the writer takes nothing. */
  private betweenBatches<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      this.writer.submit({
        run: () => ({ done: { bookSeq: 0 } }),
        settle: (reply) => resolve('done' in reply ? work() : undefined),
        key: undefined, bodyHash: undefined, deadline: Infinity, traceparent: undefined,
      });
    });
  }

  private ownMarket(id: string): Market | undefined {
    const market = this.writer.floor.markets.get(id);
    return market && this.writer.owned.has(market.shard) ? market : undefined;
  }

  private updateOf({ marketId, epoch, seq, state, removed, added }: BookChange, committedAtMs: number): MarketUpdate {
    const book = this.writer.floor.markets.get(marketId)?.book;
    const changes = { bid: new Map<number, number>(), ask: new Map<number, number>() };
    for (const { side, price } of [...removed, ...added]) changes[side].set(price, book?.countAt(side, price) ?? 0);
    return {
      marketId, epoch, seq, state, lowestAsk: book?.best('ask')?.price, highestBid: book?.best('bid')?.price,
      asks: book?.count('ask') ?? 0, bids: book?.count('bid') ?? 0, bidChanges: changes.bid, askChanges: changes.ask, committedAtMs,
    };
  }
}

type Stand = Pick<BookTop, 'seq' | 'state' | 'h1' | 'h2' | 'bids' | 'asks'>;

/** Where the floor stands, in what a book says of itself. */
function standOf({ seq, publicState: state, hash: { h1, h2 }, book }: Market): Stand {
  return { seq, state, h1, h2, bids: book.count('bid'), asks: book.count('ask') };
}

function isAt(floor: Stand, top: BookTop | undefined): boolean {
  return top !== undefined && Object.entries(floor).every(([of, value]) => top[of as keyof Stand] === value);
}
