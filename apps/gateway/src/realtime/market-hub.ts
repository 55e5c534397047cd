import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { BiddingService, type MarketData, type MarketUpdate, type WatchMarketsResponse } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { isUnanswered, Rpc } from '@libs/rpc/rpc';
import { firstValueFrom, type Subscription, timer } from 'rxjs';
import { safe } from '../rest/json';
import { tickerJson } from '../rest/markets';
import { FeedDelay } from './feed-delay';
import { MarketBook } from './market-book';
import { MarketTicker } from './market-ticker';

/** Changes are sent together, at most this often. */
const SEND_EVERY_MS = 50;
const WATCH_EVERY_MS = 200;
const READ_AGAIN_MS = 50;
const DEPTH = 100;
const TICKERS_ASKED_MAX = 100;

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
  readonly ticker: MarketTicker;
  readonly bookWatchers: Set<Watcher>;
  readonly tickerWatchers: Set<Watcher>;
  /** How many wait for what they begin with. */
  newcomers: number;
  /** The reading that counts: one that began before it may miss a change. */
  loading: Promise<void> | undefined;
  /** It could not be read, which was told. */
  isUnread: boolean;
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
  /** Those who watch tickers may have missed a change. */
  private areTickersDue = false;
  /** They could not be read, which was told. */
  private areTickersUnread = false;
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
  watchBook(marketId: string, watcher: Watcher): Promise<void> {
    return this.begin(marketId, async (watched) => {
      // What was read may be doubted again in the same breath.
      while (!watched.book.isLoaded) await this.load(marketId, watched);
      // Those who watch already get what is new before the newcomer's snapshot holds it.
      this.sendDelta(marketId, watched);
      watcher.send(bookSnapshot(marketId, watched.book));
      watched.bookWatchers.add(watcher);
    });
  }

  watchTicker(marketId: string, watcher: Watcher): Promise<void> {
    return this.begin(marketId, async (watched) => {
      const { ticker, tickerWatchers } = watched;
      const { markets: [market] } = await this.rpc.client(BiddingService).getMarketData({ marketIds: [marketId] });
      // Those who watch already get what is new now; the newcomer gets it once, with what follows.
      this.sendTicker(watched);
      if (market) {
        watcher.send(tickerSnapshot(market));
        ticker.read(market);
        const newer = ticker.since(market.seq);
        if (newer) watcher.send(tickerState(newer));
      }
      tickerWatchers.add(watcher);
    });
  }

  unwatch(channel: 'book' | 'ticker', marketId: string, watcher: Watcher): void {
    const watched = this.markets.get(marketId);
    if (!watched) return;
    (channel === 'book' ? watched.bookWatchers : watched.tickerWatchers).delete(watcher);
    this.endUnwatched(marketId, watched);
  }

  /** The market's changes are heard from before the newcomer's reading on; when that fails nothing stays. */
  private async begin(marketId: string, read: (watched: Watched) => Promise<void>): Promise<void> {
    const watched = this.watched(marketId);
    watched.newcomers += 1;
    try {
      await read(watched);
    } finally {
      watched.newcomers -= 1;
      this.endUnwatched(marketId, watched);
    }
  }

  private endUnwatched(marketId: string, { bookWatchers, tickerWatchers, newcomers }: Watched): void {
    if (bookWatchers.size + tickerWatchers.size + newcomers === 0) this.markets.delete(marketId);
  }

  private watched(marketId: string): Watched {
    const known = this.markets.get(marketId);
    if (known) return known;
    const watched: Watched = { book: new MarketBook(), ticker: new MarketTicker(), bookWatchers: new Set(), tickerWatchers: new Set(), newcomers: 0, loading: undefined, isUnread: false };
    this.markets.set(marketId, watched);
    this.keepWatching();
    return watched;
  }

  private load(marketId: string, watched: Watched): Promise<void> {
    return (watched.loading ??= this.read(marketId, watched));
  }

  private read(marketId: string, watched: Watched): Promise<void> {
    const reading: Promise<void> = this.rpc.client(BiddingService).getOrderBook({ marketId, depth: DEPTH }).then(
      (book) => {
        if (watched.loading === reading && watched.book.isBeyond(book)) return this.readLater(marketId, watched);
        if (watched.loading === reading && !watched.book.load(book)) this.reload(marketId, watched, 'rebuilt');
        if (watched.loading !== reading) return watched.loading;
        [watched.loading, watched.isUnread] = [undefined, false];
        watched.book.takeDelta(); // The snapshot holds it.
        broadcast(watched.bookWatchers, bookSnapshot(marketId, watched.book));
      },
      (error: unknown) => {
        if (watched.loading !== reading) return watched.loading;
        watched.loading = undefined;
        throw error;
      },
    );
    return reading;
  }

  private readLater(marketId: string, watched: Watched): Promise<void> {
    const pause: Promise<void> = firstValueFrom(timer(READ_AGAIN_MS)).then(() => {
      if (this.markets.get(marketId) !== watched) return undefined; // Nobody waits for it any more.
      if (watched.loading === pause) watched.loading = undefined;
      return this.load(marketId, watched);
    });
    watched.loading = pause;
    return pause;
  }

  /** The stream is open while somebody watches: the busy writer tells of its changes only then. */
  private keepWatching(): void {
    if (this.markets.size === 0) {
      this.subscription?.unsubscribe();
      this.subscription = undefined;
    }
    if (this.areTickersDue) this.tellTickers();
    for (const [marketId, watched] of this.markets) if (!watched.book.isLoaded && watched.bookWatchers.size > 0 && !watched.loading) this.reload(marketId, watched, 'unread');
    if (this.subscription || this.markets.size === 0) return;
    this.isFresh = true;
    const subscription = this.rpc.client(BiddingService).watchMarkets({}).subscribe({
      next: (message) => this.take(message),
      error: (error: unknown) => {
        if (!this.isFresh) this.log.warn({ error }, 'the stream of market changes ended');
        this.subscription = undefined;
      },
      // Bidding says by it that changes may have been missed: all is read again.
      complete: () => (this.subscription = undefined),
    });
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
      watched.ticker.hear(update);
      if (!watched.book.apply(update, watched.loading !== undefined)) this.reload(update.marketId, watched, 'rebuilt');
    }
  }

  private reloadAll(): void {
    for (const [marketId, watched] of this.markets) if (watched.bookWatchers.size > 0 || watched.loading) this.reload(marketId, watched, 'stream');
    this.tellTickers();
  }

  /** As it is now: what was missed is not made good by a later change, since none may come. */
  private tellTickers(): void {
    this.areTickersDue = false;
    const ids = [...this.markets].flatMap(([marketId, { tickerWatchers }]) => (tickerWatchers.size > 0 ? [marketId] : []));
    for (let at = 0; at < ids.length; at += TICKERS_ASKED_MAX) {
      this.rpc.client(BiddingService).getMarketData({ marketIds: ids.slice(at, at + TICKERS_ASKED_MAX) }).then(
        ({ markets }) => this.takeTickers(markets),
        (error: unknown) => {
          this.areTickersDue = true;
          if (!this.areTickersUnread) this.tell(error, {}, 'tickers could not be read for those who watch them');
          this.areTickersUnread = true;
        },
      );
    }
  }

  private takeTickers(markets: readonly MarketData[]): void {
    this.areTickersUnread = false;
    for (const market of markets) {
      const watched = this.markets.get(market.marketId);
      if (watched?.ticker.read(market)) broadcast(watched.tickerWatchers, tickerSnapshot(market));
      else if (watched) this.areTickersDue = true;
    }
  }

  private reload(marketId: string, watched: Watched, why: Resync): void {
    this.resyncs.set(why, (this.resyncs.get(why) ?? 0) + 1);
    watched.book.unload();
    watched.loading = undefined; // What is under way may have been read too early.
    this.load(marketId, watched).catch((error: unknown) => {
      if (this.markets.get(marketId) !== watched) return; // Nobody watches it any more.
      if (!watched.isUnread) this.tell(error, { market_id: marketId }, 'a book could not be loaded for those who watch it');
      watched.isUnread = true;
    });
  }

  /** Once for each outage. A neighbour that is away is told of by whoever calls it. */
  private tell(error: unknown, what: object, message: string): void {
    this.log[isUnanswered(error) ? 'info' : 'warn']({ error, ...what }, message);
  }

  private sendChanges(): void {
    for (const [marketId, watched] of this.markets) {
      this.sendDelta(marketId, watched);
      this.sendTicker(watched);
    }
  }

  private sendDelta(marketId: string, { book, bookWatchers }: Watched): void {
    const taken = book.takeDelta();
    if (!taken || bookWatchers.size === 0) return;
    broadcast(bookWatchers, { ch: `book:${marketId}`, t: 'delta', d: taken.delta });
    this.delay.written('book', taken.committedAtMs);
  }

  private sendTicker({ ticker, tickerWatchers }: Watched): void {
    const untold = ticker.take();
    if (!untold || tickerWatchers.size === 0) return;
    broadcast(tickerWatchers, tickerState(untold.update));
    this.delay.written('ticker', untold.committedAtMs);
  }
}

function bookSnapshot(marketId: string, book: MarketBook): SentFrame {
  return { ch: `book:${marketId}`, t: 'snapshot', d: book.snapshot() };
}

function tickerSnapshot(market: MarketData): SentFrame {
  return { ch: `ticker:${market.marketId}`, t: 'snapshot', d: tickerJson(market) };
}

function tickerState({ marketId, seq, epoch, state, lowestAskMinor, highestBidMinor, numberOfAsks, numberOfBids }: MarketUpdate): SentFrame {
  const price = (minor: bigint | undefined) => (minor === undefined ? undefined : safe(minor));
  const d = { seq: safe(seq), epoch: safe(epoch), state, lowestAsk: price(lowestAskMinor), highestBid: price(highestBidMinor), numberOfAsks, numberOfBids };
  return { ch: `ticker:${marketId}`, t: 'state', d };
}

function broadcast(watchers: ReadonlySet<Watcher>, frame: SentFrame): void {
  for (const watcher of watchers) watcher.send(frame);
}
