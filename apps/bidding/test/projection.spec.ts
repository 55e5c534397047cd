import { Redis } from 'ioredis';
import { BiddingService, type MarketUpdate } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { CallUser } from '@libs/rpc/call-context';
import { until } from '@libs/testing/exchange-process';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { repeat, tap } from 'rxjs';
import { Books } from '../src/application/books';
import { ProjectBooks } from '../src/application/project-books';
import { ReconcileBooks } from '../src/application/reconcile-books';
import { BiddingModule } from '../src/bidding.module';
import { kindNeighbours } from './neighbours';
import { ids } from './writer-harness';

describe('the live books in Redis', () => {
  let redis: TestRedis;
  let client: Redis;
  let service: TestService;
  beforeAll(async () => {
    redis = await testRedis();
    // It is closed when Redis is gone, and would wait for the end of its connection.
    client = new Redis(redis.url, { disconnectTimeout: 0 });
    service = await startTestService(BiddingModule, {
      env: { REDIS_URL: redis.url },
      fakes: kindNeighbours,
    });
  });
  afterAll(async () => {
    await service.stop();
    client.disconnect();
    await redis.close();
  });
  afterEach(() => jest.restoreAllMocks());

  const user = (): CallUser => ({ id: ids.next('usr'), sessionId: ids.next('ses'), roles: ['buyer', 'seller'] });
  const place = (side: 'bid' | 'ask', marketId: string, minor: number, by = user()) => {
    const request = { marketId, price: { currency: 'USD', minor: BigInt(minor) }, idempotencyKey: ids.next('key') };
    return side === 'bid' ? service.client(BiddingService, by).placeBid(request) : service.client(BiddingService, by).placeAsk(request);
  };
  /** A few at once: bidding learns each of these markets by asking for it, and a placement does not wait for hundreds of others. */
  const placeInEach = async (markets: readonly string[]) => {
    for (let at = 0; at < markets.length; at += 10) await Promise.all(markets.slice(at, at + 10).map((market) => place('ask', market, 460)));
  };
  const book = (marketId: string, minSeq = 0n) => service.client(BiddingService, user()).getOrderBook({ marketId, minSeq });
  const inRedis = (marketId: string) => client.zrange(`{m:${marketId}}:asks`, 0, -1, 'WITHSCORES');

  /** A gateway that watches, and hears by now. It begins anew whenever its stream ends, as the first one's does when Redis listens for it. */
  const hearing = async () => {
    const told: MarketUpdate[] = [];
    const gateway = { told, ends: 0, stop: () => watch.unsubscribe() };
    const watch = service.client(BiddingService).watchMarkets({}).pipe(tap({ complete: () => gateway.ends++ }), repeat()).subscribe(({ updates }) => told.push(...updates));
    await until('the gateway hears', 30_000, async () => {
      await place('ask', ids.next('mkt'), 460);
      return told.length > 0;
    });
    return gateway;
  };

  it('are at what is committed, and one sees one\'s own quote', async () => {
    const market = ids.next('mkt');
    await place('bid', market, 440);
    const { bookSeq } = await place('ask', market, 460);
    expect(await book(market, bookSeq)).toMatchObject({ seq: bookSeq, bids: [{ priceMinor: 440n }], asks: [{ priceMinor: 460n }] });
    await service.settled();
    expect(await inRedis(market)).toEqual([expect.stringMatching(/^\d{16}:ask_/), '460']);
  });

  it('come back by themselves when Redis has lost them, while trading goes on', async () => {
    const market = ids.next('mkt');
    await place('ask', market, 460);
    await service.settled();
    await client.flushall();
    await client.script('FLUSH');
    expect(await book(market)).toMatchObject({ seq: 1n, asks: [{ priceMinor: 460n }] });
    await place('ask', market, 455);
    await service.settled();
    expect((await inRedis(market)).filter((_, i) => i % 2 === 1)).toEqual(['455', '460']);
  });

  it('a reader is not shown a book that is behind what it knows of', async () => {
    const market = ids.next('mkt');
    const { bookSeq } = await place('ask', market, 460);
    await service.settled();
    await client.hset(`{m:${market}}:meta`, 'seq', '0');
    expect(await book(market, bookSeq)).toMatchObject({ seq: bookSeq, asks: [{ priceMinor: 460n }] });
  });

  it('a book that is wrong is found by comparing it with the database, and written again', async () => {
    const [market, other] = [ids.next('mkt'), ids.next('mkt')];
    for (const id of [market, other]) await place('ask', id, 460);
    await service.settled();
    const reconcile = service.app.get(ReconcileBooks);
    expect(await reconcile.compare([market, other])).toEqual([]);
    await client.zadd(`{m:${market}}:asks`, 1, '0000000000000001:ask_of_nobody');
    expect(await reconcile.compare([market, other])).toEqual([market]);
    await service.settled();
    expect((await inRedis(market)).filter((_, i) => i % 2 === 1)).toEqual(['460']);
    expect(await reconcile.compare([market, other])).toEqual([]);
  });

  it('a change that is committed while its book is written whole is not lost', async () => {
    const market = ids.next('mkt');
    await place('ask', market, 460);
    await service.settled();
    const books = service.app.get(Books);
    const rebuild = books.rebuild.bind(books);
    let isOvertaken = false;
    books.rebuild = async (image) => {
      if (image.marketId === market && !isOvertaken) {
        isOvertaken = true;
        await place('ask', market, 455);
        while ((await client.hget(`{m:${market}}:meta`, 'seq')) !== '2') await client.ping();
      }
      return rebuild(image);
    };
    await client.hset(`{m:${market}}:meta`, 'h1', '1');
    service.app.get(ProjectBooks).doubt([market]);
    await service.settled();
    books.rebuild = rebuild;
    expect(isOvertaken).toBe(true);
    expect((await inRedis(market)).filter((_, i) => i % 2 === 1)).toEqual(['455', '460']);
    expect(await client.hget(`{m:${market}}:meta`, 'seq')).toBe('2');
  });

  it('a single book that is lost is written again when its market is compared', async () => {
    const market = ids.next('mkt');
    await place('ask', market, 460);
    await service.settled();
    await client.del(`{m:${market}}:asks`, `{m:${market}}:meta`);
    await service.app.get(ReconcileBooks).compare([market]);
    await service.settled();
    expect((await inRedis(market)).filter((_, i) => i % 2 === 1)).toEqual(['460']);
  });

  it.each([['has stayed behind', '0'], ['is ahead of all that has happened', '99']])('a book that %s is found when it is compared, though nothing more happens in its market', async (_, seq) => {
    const market = ids.next('mkt');
    await place('ask', market, 460);
    await service.settled();
    await client.hset(`{m:${market}}:meta`, 'seq', seq);
    await service.app.get(ReconcileBooks).compare([market]);
    await service.settled();
    expect(await client.hget(`{m:${market}}:meta`, 'seq')).toBe('1');
  });

  it('nobody waits while the books of all markets are looked after: each pass asks for a share of them, and each market has its turn', async () => {
    const markets = Array.from({ length: 250 }, () => ids.next('mkt'));
    await placeInEach(markets);
    await service.settled();
    const tops = jest.spyOn(service.app.get(Books), 'tops');
    for (let pass = 0; pass < 3; pass++) await service.app.get(ReconcileBooks).pass();
    const asked = tops.mock.calls.map(([marketIds]) => marketIds);
    tops.mockRestore();
    expect(Math.max(...asked.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(asked.flat()).toEqual(expect.arrayContaining(markets));
  });

  it('a Redis that came back empty is noticed in one pass and filled again, though nobody trades or reads, however soon the first books are back', async () => {
    const markets = Array.from({ length: 250 }, () => ids.next('mkt'));
    await placeInEach(markets);
    await service.settled();
    const reconcile = service.app.get(ReconcileBooks);
    await reconcile.pass();
    const compare = reconcile.compare.bind(reconcile);
    const compared = jest.spyOn(reconcile, 'compare').mockImplementation(async (marketIds) => {
      const wrong = await compare(marketIds);
      await service.settled();
      return wrong;
    });
    await client.flushall();
    await reconcile.pass();
    compared.mockRestore();
    await service.settled();
    expect(await client.exists(...markets.map((market) => `{m:${market}}:asks`))).toBe(markets.length);
  });

  it('gateways hear of changes through Redis', async () => {
    const market = ids.next('mkt');
    await place('bid', market, 440);
    const gateway = await hearing();
    const placedAtMs = Date.now();
    await place('ask', market, 460);
    // What was told of the bid may come only now.
    const told = () => gateway.told.find(({ marketId, seq }) => marketId === market && seq === 2n);
    await until('the gateway is told', 30_000, () => told() !== undefined);
    gateway.stop();
    const update = told();
    expect(Number(update?.committedAtMs)).toBeGreaterThanOrEqual(placedAtMs);
    expect(Number(update?.committedAtMs)).toBeLessThanOrEqual(Date.now());
    expect([update]).toMatchObject([{ marketId: market, seq: 2n, lowestAskMinor: 460n, highestBidMinor: 440n, askChanges: [{ priceMinor: 460n, quotes: 1 }] }]);
  });

  it('a gateway whose watchers may have read a wrong book begins anew when it has been put right', async () => {
    const market = ids.next('mkt');
    await place('ask', market, 460);
    await service.settled();
    const gateway = await hearing();
    const { ends } = gateway;
    // As a Redis has it that came back with what it had kept before.
    await client.hset(`{m:${market}}:meta`, 'seq', '0');
    await service.app.get(ReconcileBooks).compare([market]);
    await until('the gateway begins anew', 30_000, () => gateway.ends > ends);
    gateway.stop();
    expect(await book(market)).toMatchObject({ seq: 1n, asks: [{ priceMinor: 460n }] });
  });

  it('a book that is only traded while it is compared is not taken for wrong: no gateway begins anew, and nothing is written again', async () => {
    const market = ids.next('mkt');
    await place('ask', market, 460);
    await service.settled();
    const gateway = await hearing();
    await service.settled();
    const { ends } = gateway;
    const books = service.app.get(Books);
    const rebuild = jest.spyOn(books, 'rebuild');
    const tops = books.tops.bind(books);
    // Once: this market is looked at in its turn too, every ten seconds.
    let isTraded = false;
    jest.spyOn(books, 'tops').mockImplementation(async (marketIds) => {
      const found = await tops(marketIds);
      if (!isTraded && marketIds.includes(market)) {
        isTraded = true;
        await place('ask', market, 455);
      }
      return found;
    });
    service.app.get(ProjectBooks).doubt([market]);
    await service.settled();
    expect(isTraded).toBe(true);
    expect(rebuild.mock.calls.filter(([{ marketId }]) => marketId === market)).toEqual([]);
    expect(gateway.ends).toBe(ends);
    gateway.stop();
    expect((await inRedis(market)).filter((_, i) => i % 2 === 1)).toEqual(['455', '460']);
  });

  it('a gateway begins anew for a book that has been put right, also when another could not be written in the same pass', async () => {
    const [wrong, lost] = [ids.next('mkt'), ids.next('mkt')];
    for (const market of [wrong, lost]) await place('ask', market, 460);
    await service.settled();
    const gateway = await hearing();
    const { ends } = gateway;
    await client.hset(`{m:${wrong}}:meta`, 'seq', '0');
    await client.del(`{m:${lost}}:asks`, `{m:${lost}}:meta`);
    const books = service.app.get(Books);
    const rebuild = books.rebuild.bind(books);
    let isRefused = false;
    jest.spyOn(books, 'rebuild').mockImplementation(async (image) => {
      if (image.marketId !== lost || isRefused) return rebuild(image);
      isRefused = true;
      throw new Error('Redis went away');
    });
    service.app.get(ProjectBooks).doubt([wrong, lost]);
    await until('the gateway begins anew', 10_000, () => gateway.ends > ends);
    gateway.stop();
    await service.settled();
    expect(isRefused).toBe(true);
    expect(await book(wrong)).toMatchObject({ seq: 1n, asks: [{ priceMinor: 460n }] });
    expect(await client.exists(`{m:${lost}}:asks`)).toBe(1);
  });

  it('after a restart of bidding they are right at once, without being written again', async () => {
    const market = ids.next('mkt');
    const { bookSeq } = await place('ask', market, 460);
    await service.restart();
    expect(await book(market, bookSeq)).toMatchObject({ seq: bookSeq, asks: [{ priceMinor: 460n }] });
    await place('ask', market, 450);
    await service.settled();
    expect((await inRedis(market)).filter((_, i) => i % 2 === 1)).toEqual(['450', '460']);
  });

  it('trading goes on without Redis, and reads come from the database', async () => {
    const market = ids.next('mkt');
    await place('ask', market, 460);
    await redis.close();
    const { bookSeq } = await place('ask', market, 450);
    expect(await book(market, bookSeq)).toMatchObject({ seq: 2n, asks: [{ priceMinor: 450n }, { priceMinor: 460n }] });
    const { markets } = await service.client(BiddingService, user()).getMarketData({ marketIds: [market] });
    expect(markets).toMatchObject([{ lowestAskMinor: 450n, numberOfAsks: 2 }]);
  });
});
