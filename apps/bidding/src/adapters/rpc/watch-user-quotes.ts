import type { MessageInitShape } from '@bufbuild/protobuf';
import type { WatchUserQuotesRequest, WatchUserQuotesResponseSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { UserFeed } from '@libs/redis/user-feed';
import { Observable } from 'rxjs';
import type { QuoteChange } from '../../application/tell-users';
import { quoteMessage } from './messages';

/** The changes of those whom the gateway names, for as long as it does. */
export function watchUserQuotes(requests: Observable<WatchUserQuotesRequest>, feed: UserFeed<QuoteChange>): Observable<MessageInitShape<typeof WatchUserQuotesResponseSchema>> {
  return new Observable((subscriber) => {
    const watching = feed.subscribe({
      changed: (changes) => subscriber.next({ quotes: changes.map(({ quote, currency, matchId, seq }) => ({ ...quoteMessage(quote, currency, matchId), seq: BigInt(seq) })), committedAtMs: oldestOf(changes) }),
      readAgain: (userIds) => subscriber.next({ readAgain: [...userIds] }),
    });
    const next = ({ watch, unwatch }: WatchUserQuotesRequest) => {
      watching.unwatch(unwatch);
      watching.watch(watch);
    };
    subscriber.add(requests.subscribe({ next, complete: () => subscriber.complete(), error: (error) => subscriber.error(error) }));
    return () => watching.end();
  });
}

function oldestOf(changes: readonly QuoteChange[]): bigint {
  return BigInt(Math.min(...changes.map(({ committedAtMs = 0 }) => committedAtMs)));
}
