import { Redis } from 'ioredis';
import { typeId } from '@libs/kernel/ids';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { passed, workedOff } from '../src/adapters/postgres/passage';
import { RedisLiveBooks } from '../src/adapters/redis/redis-live-books';
import { checkAll, invariants } from '../src/verify/check-all';
import type { BusLog, ProviderBooks, Stores } from '../src/verify/invariant';
import { damages } from './damages';
import { SmallWorld } from './small-world';

let world: SmallWorld;
let healthy: Stores;

beforeAll(async () => {
  world = await SmallWorld.build();
  healthy = await world.stores();
}, 180_000);

afterAll(() => world?.end(), 60_000);

async function broken(stores: Stores): Promise<Record<string, readonly string[]>> {
  const verdicts = await checkAll(false, async () => stores);
  return Object.fromEntries(verdicts.filter(({ offenders }) => offenders.length > 0).map(({ invariant, offenders }) => [invariant.id, offenders]));
}

it('a healthy exchange keeps every invariant', async () => {
  expect(await broken(healthy)).toEqual({});
});

it('every invariant is shown to fail', () => {
  const shown = new Set([...damages.map(({ breaks }) => breaks), 'L6', 'R1']);
  expect(invariants.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual([]);
  expect(new Set(invariants.map(({ id }) => id)).size).toBe(invariants.length);
});

describe('finds, and names, and finds nothing else:', () => {
  it.each(damages.map((damage) => [damage.breaks, damage.what, damage] as const))('%s: %s', async (breaks, _what, { also = [], to, names, does }) => {
    const damaged = await world.copy(to, (client) => does(client, world.facts));
    const found = await broken({ ...healthy, ...damaged });
    expect({ ids: Object.keys(found).sort(), found }).toMatchObject({ ids: [breaks, ...also].sort() });
    expect(found[breaks]?.join('\n')).toContain(names(world.facts));
  });
});

describe('while the exchange runs:', () => {
  const looks = (...seen: Stores[]) => async () => seen.length > 1 ? (seen.shift() ?? healthy) : (seen[0] ?? healthy);
  const offenders = async (look: () => Promise<Stores>) => (await checkAll(true, look)).flatMap((verdict) => verdict.offenders);
  let orphaned: Stores;

  beforeAll(async () => {
    const bidding = await world.copy('bidding', async (client) => void (await client.query(`update matches set id = gen_random_uuid() where state = 'bust'`)));
    orphaned = { ...healthy, ...bidding };
  });

  it('what came together in the meantime is no offence', async () => expect(await offenders(looks(orphaned, healthy))).toEqual([]));

  it('what stays is one', async () => expect((await offenders(looks(orphaned))).length).toBeGreaterThan(0), 30_000);

  it('it waits until consumers have passed what was on the bus, and relays what was in the outboxes', async () => {
    expect(await passed(healthy, 0)).toBe(true);
    const behind = await world.copy('bus', async (client) => void (await client.query('update bus_position set next_offset = next_offset - 1 where next_offset > 0')));
    expect(await passed({ ...healthy, ...behind }, 0)).toBe(false);
    const unsent = await world.copy('order', async (client) => void (await client.query('update outbox set published_at = null')));
    expect(await passed({ ...healthy, ...unsent }, 0)).toBe(false);
    const withheld = await world.copy('bidding', async (client) => void (await client.query('update outbox_watermark set pos = 0')));
    expect(await passed({ ...healthy, ...withheld }, 0)).toBe(false);
    const unregistered = await world.copy('bidding', async (client) => void (await client.query('delete from outbox_watermark')));
    expect(await passed({ ...healthy, ...unregistered }, 0)).toBe(false);
  });

  it('a slow consumer is waited for as long as it gets on, and what it brings together is no offence', async () => {
    let left = 12; // A look each takes longer, all of them together, than anybody has patience for.
    const place = { topic: 'users', partition: 0, offset: 100 };
    const slow: BusLog = { each: (take) => healthy.bus.each(take), pruned: () => healthy.bus.pruned(), ends: async () => [place], positions: async () => [{ ...place, group: 'order', offset: place.offset - (left > 0 ? --left : 0) }] };
    expect(await passed({ ...healthy, bus: slow }, 300)).toBe(true);
    expect(left).toBe(0);
  });

  it('it waits for what is under way beside the bus: a step, an operation at the provider, a message of the provider', async () => {
    expect(await workedOff(healthy, 0)).toBe(true);
    const asking = await world.copy('order', async (client) => void (await client.query(`update saga_steps set state = 'running', lease_until = now() + interval '1 hour' where id = (select max(id) from saga_steps)`)));
    expect(await workedOff({ ...healthy, ...asking }, 0)).toBe(false);
    const calling = await world.copy('payment', async (client) => void (await client.query(`update payment_op set state = 'sent', resolved_at = null, leased_until = now() + interval '1 hour' where op_id = (select op_id from payment_op where kind = 'transfer' limit 1)`)));
    expect(await workedOff({ ...healthy, ...calling }, 0)).toBe(false);
    const told = await world.copy('payment', async (client) => void (await client.query('update psp_event set applied_at = null where event_id = (select max(event_id) from psp_event)')));
    expect(await workedOff({ ...healthy, ...told }, 0)).toBe(false);
  });

  it('what has been tried once more and put off is not waited for', async () => {
    const putOff = await world.copy('order', async (client) => void (await client.query(`update saga_steps set state = 'ready', next_at = now() + interval '1 hour' where id = (select max(id) from saga_steps)`)));
    expect(await workedOff({ ...healthy, ...putOff }, 0)).toBe(true);
  });
});

describe('a consumer that is paused:', () => {
  it('E3: is not blamed for being behind, and named as not looked at', async () => {
    const behind = await world.copy('order', async (client) => void (await client.query('update inbox_cursor set last_kseq = last_kseq - 1 where last_kseq > 1')));
    const look = async (paused: string[]) => (await checkAll(false, async () => ({ ...healthy, ...behind, paused }))).find(({ invariant }) => invariant.id === 'E3');
    expect((await look([]))?.offenders).not.toEqual([]);
    expect(await look(['order'])).toMatchObject({ offenders: [], unseen: 'consumers that CONSUMERS_PAUSED holds back: order' });
  });

  it('R3: what it keeps is as of some time ago, and what the others keep is looked at', async () => {
    const behind = await world.copy('search', async (client) => void (await client.query('update products set brand = $1', ['Elsewhere'])));
    const look = async (paused: string[]) => (await checkAll(false, async () => ({ ...healthy, ...behind, paused }))).find(({ invariant }) => invariant.id === 'R3');
    expect((await look(['notification']))?.offenders).not.toEqual([]);
    expect(await look(['search'])).toMatchObject({ offenders: [], unseen: 'consumers that CONSUMERS_PAUSED holds back: search' });
  });
});

describe('the provider\'s books:', () => {
  const withProvider = (change: Partial<ProviderBooks>) => broken({ ...healthy, provider: { ...world.provider, ...change } });

  it('L6: a line of theirs that we have not booked', async () => {
    const lines = await world.provider.balanceTransactions();
    expect(lines.length).toBeGreaterThan(3);
    const found = await withProvider({ balanceTransactions: async () => [...lines, { id: 'txn_unknown', netMinor: -1_500, account: undefined }] });
    expect(found).toEqual({ L6: ['txn_unknown is -1500 there and nothing here'] });
  });

  it('L6: a line of ours that they do not know', async () => {
    const [first, ...others] = await world.provider.balanceTransactions();
    expect(await withProvider({ balanceTransactions: async () => others })).toEqual({ L6: [`${first?.id} is here only`] });
  });

  it('L6: a line with another amount', async () => {
    const [first, ...others] = await world.provider.balanceTransactions();
    if (!first) throw new Error('there are no lines');
    expect(await withProvider({ balanceTransactions: async () => [{ ...first, netMinor: first.netMinor + 1 }, ...others] })).toEqual({ L6: [`${first.id} is ${first.netMinor + 1} there and ${first.netMinor} here`] });
  });

  it('E5: a message that went out twice on a known outcome', async () => {
    const references = await world.provider.messageReferences();
    expect(references.length).toBeGreaterThan(10);
    const [first = ''] = references;
    expect(await withProvider({ messageReferences: async () => [...references, first] })).toEqual({ E5: [`${first} went out 2 times`] });
  });

  it('L7: a call that moved money without a row of ours', async () => {
    const key = typeId('op', '01900000-0000-7000-8000-000000000000');
    expect(await withProvider({ moneyCallKeys: async () => [key] })).toEqual({ L7: [`a money call under ${key} has no operation`] });
  });
});

describe('the live books:', () => {
  let redis: TestRedis;
  let client: Redis;
  let books: RedisLiveBooks;

  beforeAll(async () => {
    redis = await testRedis();
    client = new Redis(redis.url);
    books = await RedisLiveBooks.open(redis.url);
  });

  afterAll(async () => {
    books.close();
    client.disconnect();
    await redis.close();
  });

  beforeEach(async () => {
    await client.flushall();
    const rest = await healthy.bidding.query<{ market_id: string; id: string; side: 'bid' | 'ask'; price: number; prio: number }>(`select * from quotes where status = 'active'`);
    for (const { market_id, id, side, price, prio } of rest) {
      await client.zadd(`{m:${typeId('mkt', market_id)}}:${side}s`, side === 'bid' ? -price : price, `${String(prio).padStart(16, '0')}:${typeId(side, id)}`);
    }
    for (const { id, seq } of await healthy.bidding.query<{ id: string; seq: number }>('select id, seq from markets')) await client.hset(`{m:${typeId('mkt', id)}}:meta`, 'seq', seq);
  });

  const asks = () => `{m:${world.facts.market}}:asks`;
  const shown = () => broken({ ...healthy, books });

  it('R1: hold when they show what rests', async () => expect(await shown()).toEqual({}));

  it('R1: a quote that is not shown', async () => {
    await client.zpopmin(asks());
    expect(await shown()).toEqual({ R1: [`${world.facts.market} is shown with other quotes than rest`] });
  });

  it('R1: a quote that is shown at another price', async () => {
    const [member = ''] = await client.zrange(asks(), 0, 0);
    await client.zadd(asks(), 49_999, member);
    expect(await shown()).toEqual({ R1: [`${world.facts.market} is shown with other quotes than rest`] });
  });

  it('R1: a book that stayed behind', async () => {
    await client.hset(`{m:${world.facts.market}}:meta`, 'seq', 1);
    expect((await shown()).R1?.[0]).toMatch(`${world.facts.market} is at`);
  });

  it('R1: a market that is not there', async () => {
    await client.del(asks(), `{m:${world.facts.market}}:bids`, `{m:${world.facts.market}}:meta`);
    expect((await shown()).R1?.[0]).toMatch('shown at nothing');
  });
});
