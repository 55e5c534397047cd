import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { BiddingService, type MarketUpdate, type WatchMarketsResponse } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { Rpc } from '@libs/rpc/rpc';
import type { Subscription } from 'rxjs';
import { safe } from '../rest/json';
import { tickerJson } from '../rest/markets';
import { FeedDelay } from './feed-delay';
import { MarketBook } from './market-book';

/** Changes are sent together, at most this often. */
const SEND_EVERY_MS = 50;
const WATCH_EVERY_MS = 200;
const DEPTH = 100;

/** What a watcher is sent; `t` says of which kind it is. */
export interface SentFrame {
  readonly t: string;
  readonly [field: string]: unknown;
}

/** Somebody who watches; a socket, to the hub. */
export interface Watcher {
  send(frame: SentFrame): void;
}

interface Watched {
  readonly book: MarketBook;
  readonly bookWatchers: Set<Watcher>;
  readonly tickerWatchers: Set<Watcher>;
  /** Not sent to those who watch the ticker yet. */
  latest: { readonly update: MarketUpdate; readonly sinceMs: number } | undefined;
  loading: Promise<void> | undefined;
}

/** `stream`: the stream began anew; `rebuilt`: the book was made anew elsewhere; `unread`: it could not be read before. */
type Resync = 'stream' | 'rebuilt' | 'unread';

/** One stream from bidding for all who watch: a snapshot first, then what has changed. */
@Injectable()
export class MarketHub implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly markets = new Map<string, Watched>();
  private subscription: Subscription | undefined;
  /** Nothing has come on this stream yet: what was loaded before may miss a change. */
  private isFresh = true;
  /** Books that were read anew for those who watch them, since the start, by why. */
  readonly resyncs = new Map<Resync, number>([['stream', 0], ['rebuilt', 0], ['unread', 0]]);
  private readonly watching: Loop;
  private readonly sending: Loop;

  constructor(
    private readonly rpc: Rpc,
    private readonly log: Log,
    private readonly delay: FeedDelay,
  ) {
    this.watching = new Loop({ name: 'market-watch', everyMs: WATCH_EVERY_MS, log }, async () => this.keepWatching());
    this.sending = new Loop({ name: 'market-send', everyMs: SEND_EVERY_MS, log }, async () => this.sendChanges());
  }

  onApplicationBootstrap(): void {
    this.watching.start();
    this.sending.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.watching.stop(), this.sending.stop()]);
    this.subscription?.unsubscribe();
  }

  /** Throws when there is no such market. */
  async watchBook(marketId: string, watcher: Watcher): Promise<void> {
    const watched = this.watched(marketId);
    if (!watched.book.isLoaded) await this.load(marketId, watched);
    // Those who watch already get what is new before the newcomer's snapshot holds it.
    this.sendDelta(marketId, watched);
    watcher.send({ ch: `book:${marketId}`, t: 'snapshot', d: watched.book.snapshot() });
    watched.bookWatchers.add(watcher);
  }

  async watchTicker(marketId: string, watcher: Watcher): Promise<void> {
    const { markets: [market] } = await this.rpc.client(BiddingService).getMarketData({ marketIds: [marketId] });
    if (market) watcher.send({ ch: `ticker:${marketId}`, t: 'snapshot', d: tickerJson(market) });
    this.watched(marketId).tickerWatchers.add(watcher);
  }

  unwatch(channel: 'book' | 'ticker', marketId: string, watcher: Watcher): void {
    const watched = this.markets.get(marketId);
    if (!watched) return;
    (channel === 'book' ? watched.bookWatchers : watched.tickerWatchers).delete(watcher);
    if (watched.bookWatchers.size === 0 && watched.tickerWatchers.size === 0) this.markets.delete(marketId);
  }

  private watched(marketId: string): Watched {
    const known = this.markets.get(marketId);
    if (known) return known;
    const watched: Watched = { book: new MarketBook(), bookWatchers: new Set(), tickerWatchers: new Set(), latest: undefined, loading: undefined };
    this.markets.set(marketId, watched);
    this.keepWatching();
    return watched;
  }

  private load(marketId: string, watched: Watched): Promise<void> {
    watched.loading ??= this.rpc
      .client(BiddingService)
      .getOrderBook({ marketId, depth: DEPTH })
      .then((book) => watched.book.load(book))
      .finally(() => {
        watched.loading = undefined;
      });
    return watched.loading;
  }

  /** The stream is open while somebody watches: the busy writer tells of its changes only then. */
  private keepWatching(): void {
    if (this.markets.size === 0) {
      this.subscription?.unsubscribe();
      this.subscription = undefined;
    }
    if (this.subscription || this.markets.size === 0) return;
    this.isFresh = true;
    const ended = (error?: unknown) => {
      if (!this.isFresh) this.log.warn({ error }, 'the stream of market changes ended');
      this.subscription = undefined;
    };
    const subscription = this.rpc.client(BiddingService).watchMarkets({}).subscribe({ next: (message) => this.take(message), error: ended, complete: () => ended() });
    if (!subscription.closed) this.subscription = subscription;
    this.reloadAll();
  }

  private take({ updates }: WatchMarketsResponse): void {
    if (this.isFresh) {
      this.isFresh = false;
      this.reloadAll();
    }
    for (const update of updates) {
      const watched = this.markets.get(update.marketId);
      if (!watched) continue;
      watched.latest = { update, sinceMs: watched.latest?.sinceMs ?? safe(update.committedAtMs) };
      if (!watched.book.apply(update)) this.reload(update.marketId, watched, 'rebuilt');
    }
  }

  private reloadAll(): void {
    for (const [marketId, watched] of this.markets) if (watched.book.isLoaded) this.reload(marketId, watched, 'stream');
  }

  private reload(marketId: string, watched: Watched, why: Resync): void {
    this.resyncs.set(why, (this.resyncs.get(why) ?? 0) + 1);
    watched.book.unload();
    this.load(marketId, watched).then(
      () => broadcast(watched.bookWatchers, { ch: `book:${marketId}`, t: 'snapshot', d: watched.book.snapshot() }),
      (error: unknown) => this.log.warn({ error, market_id: marketId }, 'a book could not be loaded for those who watch it'),
    );
  }

  private sendChanges(): void {
    for (const [marketId, watched] of this.markets) {
      if (!watched.book.isLoaded && watched.bookWatchers.size > 0 && !watched.loading) this.reload(marketId, watched, 'unread');
      this.sendDelta(marketId, watched);
      this.sendTicker(marketId, watched);
    }
  }

  private sendDelta(marketId: string, { book, bookWatchers }: Watched): void {
    const taken = book.takeDelta();
    if (!taken || bookWatchers.size === 0) return;
    broadcast(bookWatchers, { ch: `book:${marketId}`, t: 'delta', d: taken.delta });
    this.delay.written('book', taken.committedAtMs);
  }

  private sendTicker(marketId: string, watched: Watched): void {
    const { latest, tickerWatchers } = watched;
    watched.latest = undefined;
    if (!latest || tickerWatchers.size === 0) return;
    broadcast(tickerWatchers, { ch: `ticker:${marketId}`, t: 'state', d: tickerOf(latest.update) });
    this.delay.written('ticker', latest.sinceMs);
  }
}

function tickerOf({ seq, epoch, state, lowestAskMinor, highestBidMinor, numberOfAsks, numberOfBids }: MarketUpdate) {
  const price = (minor: bigint | undefined) => (minor === undefined ? undefined : safe(minor));
  return { seq: safe(seq), epoch: safe(epoch), state, lowestAsk: price(lowestAskMinor), highestBid: price(highestBidMinor), numberOfAsks, numberOfBids };
}

function broadcast(watchers: ReadonlySet<Watcher>, frame: SentFrame): void {
  for (const watcher of watchers) watcher.send(frame);
}
