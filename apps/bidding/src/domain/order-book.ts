import { emptyHash, toggle } from './book-hash';
import { type BookEntry, type Level, join, leave } from './level';
import type { Quote } from './quote';
import type { Side } from './side';

export interface PriceLevel {
  readonly price: number;
  readonly quotes: number;
}

/**
 * The resting bids and asks of one market, in price-time priority: levels in arrays whose last element is the best.
 * Deterministic: the same calls in the same order leave the same book, whoever runs them.
 */
export class OrderBook<E extends BookEntry<E> = Quote> {
  readonly hash = emptyHash();
  private readonly bids: Level<E>[] = [];
  private readonly asks: Level<E>[] = [];
  private bidCount = 0;
  private askCount = 0;

  best(side: Side): E | undefined {
    const levels = side === 'bid' ? this.bids : this.asks;
    return levels.length === 0 ? undefined : (levels[levels.length - 1] as Level<E>).first;
  }

  add(quote: E): void {
    const bid = quote.side === 'bid';
    const levels = bid ? this.bids : this.asks;
    const key = bid ? quote.price : -quote.price;
    const at = indexOf(levels, key);
    let level = levels[at];
    if (!level || level.key !== key) {
      level = { key, count: 0, first: undefined, last: undefined };
      if (at === levels.length) levels.push(level);
      else levels.splice(at, 0, level);
    }
    join(level, quote);
    if (bid) this.bidCount++;
    else this.askCount++;
    toggle(this.hash, quote);
  }

  remove(quote: E): void {
    const level = quote.level;
    if (!level) return;
    toggle(this.hash, quote);
    leave(level, quote);
    const bid = quote.side === 'bid';
    if (bid) this.bidCount--;
    else this.askCount--;
    if (level.count > 0) return;
    const levels = bid ? this.bids : this.asks;
    if (levels[levels.length - 1] === level) levels.pop();
    else levels.splice(indexOf(levels, level.key), 1);
  }

  count(side: Side): number {
    return side === 'bid' ? this.bidCount : this.askCount;
  }

  /** How many quotes rest at this price. */
  countAt(side: Side, price: number): number {
    const levels = side === 'bid' ? this.bids : this.asks;
    const key = side === 'bid' ? price : -price;
    const level = levels[indexOf(levels, key)];
    return level?.key === key ? level.count : 0;
  }

  /** Best first. */
  levels(side: Side, depth: number): PriceLevel[] {
    const levels = side === 'bid' ? this.bids : this.asks;
    const found: PriceLevel[] = [];
    for (let i = levels.length - 1; i >= 0 && found.length < depth; i--) {
      const { key, count } = levels[i] as Level<E>;
      found.push({ price: Math.abs(key), quotes: count });
    }
    return found;
  }

  /** In the order in which they would match. */
  *quotes(side: Side): Generator<E> {
    const levels = side === 'bid' ? this.bids : this.asks;
    for (let i = levels.length - 1; i >= 0; i--) {
      for (let quote = (levels[i] as Level<E>).first; quote; quote = quote.behind) yield quote;
    }
  }
}

/** Where the level with this key is, or would be: keys ascend. Most quotes come near the top, so it is tried first. */
function indexOf(levels: readonly Level<unknown>[], key: number): number {
  let high = levels.length;
  if (high === 0 || (levels[high - 1] as Level<unknown>).key < key) return high;
  let low = 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((levels[middle] as Level<unknown>).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
