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
    const tops = await this.books.tops(ids);
    const images = await this.imagesOf(ids, tops);
    const wereRead = new Set(ids.filter((_, i) => tops[i] !== undefined));
    for (const image of images) {
      const outcome = await this.books.rebuild(image);
      if (outcome === 'FENCED') this.log.warn({ market_id: image.marketId, epoch: image.epoch }, 'another owner writes this book');
      // What was committed while the image was on its way may have changed only the book that it has replaced.
      if (this.writer.floor.markets.get(image.marketId)?.seq !== image.seq) this.doubt([image.marketId]);
    }
    // Until now such a book was read as it should not have been; one that was not there came from the database.
    if (images.some(({ marketId }) => wereRead.has(marketId))) this.feed.doubt();
    return this.doubtful.size > 0;
  }

  /** Taken when the writer is between two batches: then the floor is what is committed. What is taken here is doubted no more. */
  private imagesOf(ids: readonly string[], tops: readonly (BookTop | undefined)[]): Promise<BookImage[]> {
    return new Promise((resolve) => {
      this.writer.submit({
        run: () => ({ done: { bookSeq: 0 } }),
        settle: (reply) => resolve('done' in reply ? this.differing(ids, tops) : []),
        key: undefined, bodyHash: undefined, deadline: Infinity, traceparent: undefined,
      });
    });
  }

  private differing(ids: readonly string[], tops: readonly (BookTop | undefined)[]): BookImage[] {
    const images: BookImage[] = [];
    let members = 0;
    for (const [i, id] of ids.entries()) {
      if (members > REBUILT_MEMBERS_AT_ONCE_MAX) break;
      this.doubtful.delete(id);
      const market = this.writer.floor.markets.get(id);
      if (!market || !this.writer.owned.has(market.shard) || isAt(market, tops[i])) continue;
      const image = imageOf(market, this.writer.owned);
      members += image.members.length;
      images.push(image);
    }
    return images;
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

function isAt(market: Market, top: BookTop | undefined): boolean {
  return top !== undefined && top.seq === market.seq && top.h1 === market.hash.h1 && top.h2 === market.hash.h2 && top.state === market.publicState &&
    top.bids === market.book.count('bid') && top.asks === market.book.count('ask');
}
