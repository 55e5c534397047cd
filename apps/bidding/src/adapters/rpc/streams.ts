import { Injectable } from '@nestjs/common';
import { idempotencyReplays } from '@libs/chassis/idempotency-replays';
import { Log } from '@libs/chassis/log';
import { Metrics } from '@libs/chassis/metrics';
import { Spans } from '@libs/chassis/spans';
import type { TradeRequest, WatchUserQuotesRequest } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { UserFeed } from '@libs/redis/user-feed';
import type { Observable } from 'rxjs';
import { MarketFeed } from '../../application/market-feed';
import type { QuoteChange } from '../../application/tell-users';
import { tradeStream } from './trade-stream';
import { Trading } from './trading';
import { watchMarkets } from './watch-markets';
import { watchUserQuotes } from './watch-user-quotes';

/** The gateway's long-lived calls. */
@Injectable()
export class Streams {
  private readonly replays;

  constructor(
    private readonly trading: Trading,
    private readonly feed: MarketFeed,
    private readonly users: UserFeed<QuoteChange>,
    private readonly log: Log,
    private readonly spans: Spans,
    metrics: Metrics,
  ) {
    this.replays = idempotencyReplays(metrics);
  }

  trade(requests: Observable<TradeRequest>) {
    return tradeStream(requests, this.trading, { log: this.log, spans: this.spans, replays: this.replays });
  }

  watchMarkets() {
    return watchMarkets(this.feed);
  }

  watchUserQuotes(requests: Observable<WatchUserQuotesRequest>) {
    return watchUserQuotes(requests, this.users);
  }
}
