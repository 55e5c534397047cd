import { Redis } from 'ioredis';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { RedisBooks } from '../src/adapters/redis/redis-books';
import { booksContract } from './books.contract';

let server: TestRedis;
let client: Redis;
beforeAll(async () => {
  server = await testRedis();
  client = new Redis(server.url);
  await client.ping();
});
afterAll(async () => {
  client.disconnect();
  await server.close();
});

booksContract('RedisBooks', async () => ({
  books: new RedisBooks(client),
  forget: async () => {
    await client.flushdb();
    await client.script('FLUSH');
  },
}));

describe('the sorted sets, as people and other programs read them', () => {
  it('begin with the best and oldest quote on either side, by the human price', async () => {
    const books = new RedisBooks(client);
    const member = (side: 'bid' | 'ask', price: number, prio: number) => ({ side, price, prio, id: `${side}_${prio}` });
    const added = [member('ask', 450, 999), member('ask', 450, 1_000), member('ask', 449, 1_001), member('bid', 440, 9), member('bid', 440, 10), member('bid', 441, 11)];
    await books.apply([{ marketId: 'm', epoch: 1, was: 0, seq: 6, state: 'open', h1: 0, h2: 0, removed: [], added }]);
    expect(await client.zrange('{m:m}:asks', 0, -1, 'WITHSCORES')).toEqual(['0000000000001001:ask_1001', '449', '0000000000000999:ask_999', '450', '0000000000001000:ask_1000', '450']);
    expect(await client.zrange('{m:m}:bids', 0, -1, 'WITHSCORES')).toEqual(['0000000000000011:bid_11', '-441', '0000000000000009:bid_9', '-440', '0000000000000010:bid_10', '-440']);
  });

  it('a key of another kind in the way is overwritten by a rebuild', async () => {
    const books = new RedisBooks(client);
    await client.del('{m:w}:asks');
    await client.set('{m:w}:asks', 'not a set');
    const image = { marketId: 'w', epoch: 1, seq: 1, state: 'open' as const, h1: 1, h2: 2, members: [{ side: 'ask' as const, price: 450, prio: 1, id: 'ask_1' }] };
    expect(await books.rebuild(image)).toBe('OK');
    expect(await books.levels('w', 5)).toMatchObject({ asks: [{ price: 450, quotes: 1 }] });
  });

  it('are whole when an owner of before wakes up and writes its own while its successor writes them anew, and none of them is to expire', async () => {
    const [books, asleep] = [new RedisBooks(client), new RedisBooks(client)];
    const image = (epoch: number, prices: number[]) => ({
      marketId: 'z', epoch, seq: epoch, state: 'open' as const, h1: 1, h2: 2, members: prices.map((price) => ({ side: 'ask' as const, price, prio: price, id: `ask_${price}` })),
    });
    const evalsha = client.evalsha.bind(client) as (...args: unknown[]) => Promise<unknown>;
    // Between the successor's two messages.
    const woken = jest.spyOn(client, 'evalsha').mockImplementationOnce(async (...args: unknown[]) => {
      await asleep.rebuild(image(1, [470, 480]));
      return evalsha(...args);
    });
    expect(await books.rebuild(image(2, [450, 460]))).toBe('OK');
    woken.mockRestore();
    expect(await books.levels('z', 5)).toMatchObject({ epoch: 2, asks: [{ price: 450, quotes: 1 }, { price: 460, quotes: 1 }] });
    expect([await client.ttl('{m:z}:asks'), await client.keys('{m:z}:*:new*')]).toEqual([-1, []]);
  });
});
