import { Injectable } from '@nestjs/common';
import { type Applied, type BookChange, type BookImage, type BookLevels, Books, type BookTop, type Member } from '../../application/books';
import type { Side } from '../../domain/side';

interface Held {
  position: Omit<BookImage, 'members'>;
  readonly members: Map<string, Member>;
  /** How many quotes rest at each price. */
  readonly counts: Record<Side, Map<number, number>>;
}

/** The live books of a process that has no Redis: the same promises, in memory. */
@Injectable()
export class EmbeddedBooks extends Books {
  private readonly books = new Map<string, Held>();

  async apply(changes: readonly BookChange[]): Promise<Applied[]> {
    return changes.map((change) => this.applyOne(change));
  }

  async rebuild({ members, ...position }: BookImage): Promise<'OK' | 'FENCED'> {
    const held = this.books.get(position.marketId);
    if (held && held.position.epoch > position.epoch) return 'FENCED';
    const fresh: Held = { position, members: new Map(), counts: { bid: new Map(), ask: new Map() } };
    for (const member of members) put(fresh, member);
    this.books.set(position.marketId, fresh);
    return 'OK';
  }

  async levels(marketId: string, depth: number): Promise<BookLevels | undefined> {
    const held = this.books.get(marketId);
    if (!held) return undefined;
    const side = (counts: Map<number, number>, sign: number) =>
      [...counts].sort(([a], [b]) => sign * (a - b)).slice(0, depth).map(([price, quotes]) => ({ price, quotes }));
    const { seq, epoch, state } = held.position;
    return { seq, epoch, state, bids: side(held.counts.bid, -1), asks: side(held.counts.ask, 1) };
  }

  async tops(marketIds: readonly string[]): Promise<(BookTop | undefined)[]> {
    return marketIds.map((id) => {
      const held = this.books.get(id);
      return held && topOf(held);
    });
  }

  async images(marketIds: readonly string[]): Promise<(BookImage | undefined)[]> {
    return marketIds.map((id) => {
      const held = this.books.get(id);
      return held && { ...held.position, members: [...held.members.values()] };
    });
  }

  /** Whatever is committed has been applied already. */
  async reached(): Promise<void> {}

  private applyOne({ was, removed, added, ...position }: BookChange): Applied {
    const held = this.books.get(position.marketId);
    if (!held && was > 0) return 'REBUILD';
    if (held) {
      if (held.position.epoch > position.epoch) return 'FENCED';
      if (held.position.seq >= position.seq) return 'DUP';
      if (held.position.seq !== was) return 'GAP';
    }
    const book = held ?? { position, members: new Map(), counts: { bid: new Map(), ask: new Map() } };
    for (const member of removed) take(book, member);
    for (const member of added) put(book, member);
    book.position = position;
    this.books.set(position.marketId, book);
    return 'OK';
  }
}

function put({ members, counts }: Held, member: Member): void {
  members.set(member.id, member);
  counts[member.side].set(member.price, (counts[member.side].get(member.price) ?? 0) + 1);
}

function take({ members, counts }: Held, { id, side, price }: Member): void {
  if (!members.delete(id)) return;
  const left = (counts[side].get(price) ?? 0) - 1;
  if (left > 0) counts[side].set(price, left);
  else counts[side].delete(price);
}

function topOf({ position, members, counts }: Held): BookTop {
  const { seq, epoch, state, h1, h2 } = position;
  const bids = [...counts.bid.keys()];
  const asks = [...counts.ask.keys()];
  const askCount = [...counts.ask.values()].reduce((sum, n) => sum + n, 0);
  return {
    seq, epoch, state, h1, h2, asks: askCount, bids: members.size - askCount,
    highestBid: bids.length === 0 ? undefined : Math.max(...bids), lowestAsk: asks.length === 0 ? undefined : Math.min(...asks),
  };
}
