import type { MessageInitShape } from '@bufbuild/protobuf';
import type { WatchMarketsResponseSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { Observable, timer } from 'rxjs';
import { type MarketFeed, type MarketUpdate, merge } from '../../application/market-feed';
import { updateMessage } from './messages';

const COALESCED_MS = 50;
const MARKETS_A_MESSAGE_MAX = 1_000;

/** Every market's newest state and all its changed levels, at most every 50 ms. It ends when changes may have been missed: whoever watches begins anew, and reads again. */
export function watchMarkets(feed: MarketFeed): Observable<MessageInitShape<typeof WatchMarketsResponseSchema>> {
  return new Observable((subscriber) => {
    let waiting = new Map<string, MarketUpdate>();
    const flush = (): void => {
      const updates = [...waiting.values()];
      waiting = new Map();
      for (let at = 0; at < updates.length; at += MARKETS_A_MESSAGE_MAX) subscriber.next({ updates: updates.slice(at, at + MARKETS_A_MESSAGE_MAX).map(updateMessage) });
    };
    return feed.subscribe({
      changed: (updates) => {
        if (waiting.size === 0 && updates.length > 0) subscriber.add(timer(COALESCED_MS).subscribe(flush));
        for (const update of updates) waiting.set(update.marketId, merge(waiting.get(update.marketId), update));
      },
      missed: () => subscriber.complete(),
    });
  });
}
