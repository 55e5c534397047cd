import type { Batch } from '../domain/batch';
import type { Market } from '../domain/market';
import type { QuoteFacts } from '../domain/quote';
import type { BookChange, BookImage, Member } from './books';

/** What a committed batch did to each book, netted like the batch. The floor must still be as that commit left it. */
export function changesOf(batch: Batch, epochs: ReadonlyMap<number, number>): BookChange[] {
  const byMarket = new Map<string, { removed: Member[]; added: Member[] }>();
  for (const { market } of batch.steps.values()) byMarket.set(market.id, { removed: [], added: [] });
  for (const quote of batch.inserted.keys()) if (quote.status === 'active') byMarket.get(quote.marketId)?.added.push(memberOf(quote));
  for (const { quote, was } of batch.changed.values()) {
    const change = byMarket.get(quote.marketId);
    const isSame = was.status === quote.status && was.price === quote.price && was.prio === quote.prio;
    if (!change || isSame) continue;
    if (was.status === 'active') change.removed.push(memberOf(was));
    if (quote.status === 'active') change.added.push(memberOf(quote));
  }
  return [...batch.steps.values()].map(({ market, was }) => ({ ...positionOf(market, epochs), was, ...(byMarket.get(market.id) ?? { removed: [], added: [] }) }));
}

export function imageOf(market: Market, epochs: ReadonlyMap<number, number>): BookImage {
  const members = [...market.book.quotes('bid'), ...market.book.quotes('ask')].map(memberOf);
  return { ...positionOf(market, epochs), members };
}

function positionOf(market: Market, epochs: ReadonlyMap<number, number>) {
  const { h1, h2 } = market.hash;
  return { marketId: market.id, epoch: epochs.get(market.shard) ?? 0, seq: market.seq, state: market.publicState, h1, h2 };
}

function memberOf({ side, price, prio, id }: QuoteFacts): Member {
  return { side, price, prio, id };
}
