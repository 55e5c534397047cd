import { EmbeddedMarketFeed } from '../src/adapters/embedded/embedded-market-feed';
import type { MarketUpdate } from '../src/application/market-feed';
import { watchMarkets } from '../src/adapters/rpc/watch-markets';

describe('the stream of market changes', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const update = (marketId: string, seq: number, changes: Partial<MarketUpdate> = {}): MarketUpdate => ({
    marketId, seq, epoch: 1, state: 'open', lowestAsk: undefined, highestBid: 44_000, asks: 0, bids: seq,
    bidChanges: new Map([[44_000, seq]]), askChanges: new Map(), committedAtMs: seq, ...changes,
  });

  function watched() {
    const feed = new EmbeddedMarketFeed();
    const messages: unknown[][] = [];
    const stream = { feed, messages, isOver: false };
    watchMarkets(feed).subscribe({ next: ({ updates }) => messages.push(updates ?? []), complete: () => (stream.isOver = true) });
    return stream;
  }

  it('what happens within 50 ms is one message: each market once, at its newest, with every level that has changed and the time of its oldest change', () => {
    const { feed, messages } = watched();
    feed.publish([update('mkt_1', 1), update('mkt_2', 1)]);
    feed.publish([update('mkt_1', 2)]);
    feed.publish([update('mkt_1', 3, { bidChanges: new Map(), askChanges: new Map([[46_000, 1]]), lowestAsk: 46_000 })]);
    expect(messages).toEqual([]);
    jest.advanceTimersByTime(50);
    expect(messages).toMatchObject([[
      { marketId: 'mkt_1', seq: 3n, lowestAskMinor: 46_000n, bidChanges: [{ priceMinor: 44_000n, quotes: 2 }], askChanges: [{ priceMinor: 46_000n, quotes: 1 }] },
      { marketId: 'mkt_2', seq: 1n },
    ]]);
  });

  it('what happens later is another message', () => {
    const { feed, messages } = watched();
    feed.publish([update('mkt_1', 1)]);
    jest.advanceTimersByTime(50);
    feed.publish([update('mkt_1', 2)]);
    jest.advanceTimersByTime(50);
    expect(messages).toMatchObject([[{ seq: 1n }], [{ seq: 2n }]]);
  });

  it('a message holds at most 1,000 markets', () => {
    const { feed, messages } = watched();
    feed.publish(Array.from({ length: 1_001 }, (_, i) => update(`mkt_${i}`, 1)));
    jest.advanceTimersByTime(50);
    expect(messages.map(({ length }) => length)).toEqual([1_000, 1]);
  });

  it('ends when something may have been missed, so that who watches reads again', () => {
    const stream = watched();
    stream.feed.doubt();
    expect(stream.isOver).toBe(true);
  });
});
