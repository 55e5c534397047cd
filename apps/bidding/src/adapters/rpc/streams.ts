import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import type { TradeRequest } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { Observable } from 'rxjs';
import { MarketFeed } from '../../application/market-feed';
import { tradeStream } from './trade-stream';
import { Trading } from './trading';
import { watchMarkets } from './watch-markets';

/** The gateway's two long-lived calls. */
@Injectable()
export class Streams {
  constructor(
    private readonly trading: Trading,
    private readonly feed: MarketFeed,
    private readonly log: Log,
  ) {}

  trade(requests: Observable<TradeRequest>) {
    return tradeStream(requests, this.trading, this.log);
  }

  watchMarkets() {
    return watchMarkets(this.feed);
  }
}
