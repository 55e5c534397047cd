import { Log } from '@libs/chassis/log';
import { RedisConnection } from '@libs/redis/redis-connection';
import { until } from '@libs/testing/exchange-process';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { RedisMarketFeed } from '../src/adapters/redis/redis-market-feed';
import type { MarketUpdate } from '../src/application/market-feed';
import { ids } from './writer-harness';

const log = new Log({ service: 'bidding', level: 'silent' });

/** A bidding process, as far as it tells and hears of markets. */
class Process {
  heard = 0;
  missed = 0;
  private readonly subscriptions: jest.SpyInstance<ReturnType<RedisConnection['duplicate']>>;

  private constructor(
    readonly redis: RedisConnection,
    readonly feed: RedisMarketFeed,
  ) {
    this.subscriptions = jest.spyOn(redis, 'duplicate');
  }

  static async start(url: string): Promise<Process> {
    const redis = await RedisConnection.open(url, log);
    return new Process(redis, new RedisMarketFeed(redis, log));
  }

  watches(): void {
    this.feed.subscribe({ changed: (updates) => (this.heard += updates.length), missed: () => this.missed++ });
  }

  /** Its ear alone: it connects again by itself. */
  losesItsSubscription(): void {
    const [first] = this.subscriptions.mock.results;
    (first?.value as ReturnType<RedisConnection['duplicate']>)?.disconnect(true); // What the spied method answered.
  }

  async stop(): Promise<void> {
    this.feed.beforeApplicationShutdown();
    await this.redis.close();
  }
}

describe('who watches markets through Redis', () => {
  let redis: TestRedis;
  let writer: Process;
  let reader: Process;
  beforeAll(async () => {
    redis = await testRedis();
  });
  afterAll(() => redis.close());
  beforeEach(async () => {
    [writer, reader] = [await Process.start(redis.url), await Process.start(redis.url)];
    reader.watches();
    await until('the reader hears', 30_000, () => {
      writer.feed.publish([update()]);
      return reader.heard > 0;
    });
    reader.missed = 0;
  });
  afterEach(() => Promise.all([writer.stop(), reader.stop()]));

  const update = (): MarketUpdate => ({ marketId: ids.next('mkt'), seq: 1, epoch: 1, state: 'open', lowestAsk: 460, highestBid: undefined, asks: 1, bids: 0, bidChanges: new Map(), askChanges: new Map([[460, 1]]) });

  it('misses nothing while all is well', () => {
    expect(reader.missed).toBe(0);
  });

  it('is told to read again when Redis begins to listen for them: what was committed since they began to watch was not heard', async () => {
    const newcomer = await Process.start(redis.url);
    newcomer.watches();
    writer.feed.publish([update()]);
    await until('the newcomer is told', 30_000, () => newcomer.missed > 0).finally(() => newcomer.stop());
  });

  it('is told to read again when what was committed could not be told', async () => {
    const client = writer.redis.client;
    if (client) jest.spyOn(client, 'publish').mockRejectedValueOnce(new Error('Connection is closed.'));
    writer.feed.publish([update()]);
    await until('the reader is told', 30_000, () => reader.missed > 0);
  });

  it('is told to read again when it could not hear for a moment, and hears what comes then', async () => {
    reader.losesItsSubscription();
    await until('the reader is told', 30_000, () => reader.missed > 0);
    const before = reader.heard;
    writer.feed.publish([update()]);
    await until('the reader hears again', 30_000, () => reader.heard > before);
  });
});
