import { emptyHash, toggle } from '../domain/book-hash';
import type { MarketTerms } from '../domain/market';
import { type JournalEvent, Replay } from '../domain/replay';
import type { Side } from '../domain/side';

/** Where the journal is read from, and what it is compared with. */
export interface JournalSource {
  markets(): Promise<{ terms: MarketTerms; seq: number }[]>;
  events(): AsyncIterable<readonly { readonly marketId: string; readonly event: JournalEvent }[]>;
  resting(): Promise<ReadonlyMap<string, readonly { readonly id: string; readonly side: Side; readonly price: number; readonly prio: number }[]>>;
}

export interface ReplayResult {
  readonly markets: number;
  readonly events: number;
  readonly differences: readonly string[];
}

/** M9: the accepted steps, brought to the pure engine again in their order, give the same fills, and in the end the same books. */
export async function replayJournal(source: JournalSource): Promise<ReplayResult> {
  const replays = new Map((await source.markets()).map(({ terms, seq }) => [terms.id, { replay: new Replay({ ...terms, retired: false }), seq, waiting: new Map<number, JournalEvent>() }]));
  const differences: string[] = [];
  let events = 0;
  for await (const part of source.events()) {
    for (const { marketId, event } of part) {
      const market = replays.get(marketId);
      events++;
      if (!market) {
        differences.push(`${marketId} step ${event.seq}: there is no such market`);
        continue;
      }
      market.waiting.set(event.seq, event);
      for (let next = market.waiting.get(market.replay.market.seq + 1); next; next = market.waiting.get(market.replay.market.seq + 1)) {
        market.waiting.delete(next.seq);
        market.replay.apply(next);
      }
    }
  }
  const resting = await source.resting();
  for (const [id, { replay, seq, waiting }] of replays) {
    differences.push(...replay.differences);
    if (replay.market.seq !== seq || waiting.size > 0) differences.push(`${id}: the journal ends at step ${replay.market.seq}, the market is at ${seq}`);
    const hash = emptyHash();
    for (const quote of resting.get(id) ?? []) toggle(hash, quote);
    if (hash.h1 !== replay.market.hash.h1 || hash.h2 !== replay.market.hash.h2) differences.push(`${id}: the book of the journal is not the book of the table`);
  }
  return { markets: replays.size, events, differences };
}
