import { createHash } from 'node:crypto';
import { type EventName, events, type ServiceName, type Topic } from '@libs/contracts/events';
import type { Projection } from '@libs/chassis/service';
import { Bus } from '@libs/events/bus';
import { eventHandlers } from '@libs/events/event-handlers';
import { ParkedEvents } from '@libs/events/parked-events';
import { replay } from '@libs/events/replay';
import { AppError } from '@libs/kernel/app-error';
import { armFailpoint } from '@libs/kernel/failpoint';
import { Sql } from '@libs/postgres/sql';
import type { Trader } from '@libs/client/trader';
import { Story } from '@libs/testing/story';
import { PostgresLog } from '../../apps/standalone/src/adapters/postgres/postgres-log';
import { ReadOnlyDatabase } from '../../apps/standalone/src/adapters/postgres/read-only-database';
import { SandboxProviderBooks } from '../../apps/standalone/src/adapters/sandbox/sandbox-provider-books';
import { innerServices } from '../../apps/standalone/src/services';
import { checkAll } from '../../apps/standalone/src/verify/check-all';
import { type ServiceStore, serviceStores, type Stores } from '../../apps/standalone/src/verify/invariant';
import { everythingHappens } from './everything-happens';
import { toldTo } from './unkind-bus';
import { WholeExchange } from './whole-exchange';

const START_MS_MAX = 240_000;
const STORY_MS_MAX = 300_000;
/** Of a hundred effects, this many are cut off before their commit, as by a kill, and come again. */
const CUT = 15;
/** Nobody can bring it about but the provider, by closing somebody's account. */
const neverHappens: readonly EventName[] = ['payout_account.disabled'];

const consumers = innerServices.map(({ service }) => service.name);
const projections = innerServices.flatMap(({ service: { name, projection } }) => (projection ? [{ name, projection }] : []));
const pill = (topic: string) => ['poison', topic.replace(/\W/g, '_')].join('_');

/**
 * Every consumer of the exchange on an unkind bus, while everything happens: events come twice, late and out of order across keys, effects are
 * cut off before their commit, and each topic carries an event that nobody can take. In the end all must be as if the bus had been kind.
 */
export function everyConsumer(form: string, env: Readonly<Record<string, string>>): void {
  describe(`every consumer, ${form}`, () => {
    let story: Story<WholeExchange>;
    const random = numbers(20_261_128);
    const sqlOf = (name: ServiceName) => story.exchange.service(name).app.get(Sql);

    beforeAll(async () => {
      story = await Story.on(await WholeExchange.start(random, env));
    }, START_MS_MAX);
    afterAll(async () => {
      armFailpoint('consumer.afterEffect', () => undefined);
      await story?.end();
    }, START_MS_MAX);

    it('takes what comes twice, late, out of order and cut off as if it had come once and in order', async () => {
      armFailpoint('consumer.afterEffect', () => {
        if (random() * 100 < CUT) throw new AppError('unavailable', 'test.cut', 'Cut off before its commit.');
      });
      await poison(story.exchange.bus);
      await everythingHappens(story);
      expect(await brokenIn(story.exchange)).toEqual([]);
    }, STORY_MS_MAX);

    it('was told each event that it handles', () => {
      const handled = consumers.flatMap((name) => [...eventHandlers(story.exchange.service(name).app).keys()].map((event) => ({ name, event })));
      const missing = handled.filter(({ name, event }) => !story.exchange.bus.told.has(toldTo(name, event)) && !neverHappens.includes(event));
      expect(missing.map(({ name, event }) => toldTo(name, event))).toEqual([]);
      expect(handled.length).toBeGreaterThan(70);
    });

    it('has put aside what nobody can take, and only that', async () => {
      for (const name of consumers) {
        const topics = new Set([...eventHandlers(story.exchange.service(name).app).keys()].map((event) => events[event].topic));
        const parked = await story.exchange.service(name).app.get(ParkedEvents).list();
        expect({ name, keys: parked.map(({ key }) => key).sort() }).toEqual({ name, keys: [...topics].map(pill).sort() });
      }
    });

    it.each(projections)('$name is the same when it is told anew from nothing, and nobody hears of anything a second time', async ({ name, projection }) => {
      const { exchange } = story;
      await timeGoesOn(sqlOf);
      const before = await rowsOf(sqlOf(name), projection);
      const [caused, shown] = [await causedIn(sqlOf), await shownBy(story.admin)];
      expect(before.rows).toBeGreaterThan(0);
      await exchange.stops([name]);
      await emptied(exchange, name, projection);
      await exchange.starts([name]);
      await exchange.settled();
      expect(await rowsOf(sqlOf(name), projection)).toEqual(before);
      expect([await causedIn(sqlOf), await shownBy(story.admin)]).toEqual([caused, shown]);
      expect(await sqlOf(name).query('select * from replays')).toEqual([]);
    }, STORY_MS_MAX);

  });
}

/** An event of a kind that is not known, under a key of its own, in each topic. */
async function poison(bus: Bus): Promise<void> {
  const topics = [...new Set(Object.values(events).map(({ topic }) => topic))];
  await bus.append(topics.map((topic: Topic) => ({ topic, key: pill(topic), line: JSON.stringify([topic, pill(topic), 1, 'poison.taken', {}, { id: `evt_${topic}`, at: new Date(0).toISOString() }]) })));
}

/** As the operator's command does it to a stopped service. */
async function emptied(exchange: WholeExchange, consumer: ServiceName, { tables, topics }: Projection): Promise<void> {
  await exchange.whileStopped(consumer, ({ sql, transactions, bus }) => replay({ bus, sql, transactions, consumer, tables, topics }));
}

/** A hash over what a projection says, and how many rows say it. */
async function rowsOf(sql: Sql, { says }: Projection): Promise<{ rows: number; hash: string }> {
  const hash = createHash('sha256');
  let rows = 0;
  for (const query of says) {
    const lines = (await sql.query(query)).map((row) => JSON.stringify(row)).sort();
    rows += lines.length;
    for (const line of lines) hash.update(line);
  }
  return { rows, hash: hash.digest('hex') };
}

/** Messages that have gone out are forgotten after a month, and owners take out of their portfolios what they like. */
async function timeGoesOn(sqlOf: (name: ServiceName) => Sql): Promise<void> {
  await sqlOf('notification').query('delete from messages');
  await sqlOf('analytics').query(`delete from portfolio_items where source = 'order'`);
}

/** What goes beyond a projection: messages, portfolios, events of one's own. */
async function causedIn(sqlOf: (name: ServiceName) => Sql): Promise<unknown> {
  const countOf = async (name: ServiceName, table: string) => (await sqlOf(name).query(`select count(*) as n from ${table}`))[0];
  return Promise.all([countOf('notification', 'messages'), countOf('analytics', 'portfolio_items'), countOf('analytics', 'outbox'), countOf('search', 'outbox')]);
}

interface Found {
  readonly data: readonly { readonly productId: string }[];
  readonly degraded: boolean;
}

/** What people see of a projection, in whichever form it is kept. */
async function shownBy({ api }: Trader): Promise<unknown> {
  const found = await api.get<Found>('/v1/catalog/search?q=norrland&sort=newest');
  const charts = await Promise.all(found.data.map(({ productId }) => api.get<{ degraded: boolean }>(`/v1/products/${productId}/candles?interval=1d`)));
  expect(found.data.length).toBeGreaterThan(0);
  expect([found, ...charts].map(({ degraded }) => degraded)).toEqual([found, ...charts].map(() => false));
  return [found, charts];
}

async function brokenIn({ run }: WholeExchange): Promise<string[]> {
  const opened = await Promise.all([...serviceStores, 'bus'].map(async (name) => [name, await ReadOnlyDatabase.open(run.databases[name] ?? '')] as const));
  const databases = Object.fromEntries(opened);
  try {
    const { now } = (await (await fetch(`${run.sandboxUrl}/clock`)).json()) as { now: string }; // The sandbox's own shape.
    const beside = { bus: new PostgresLog(databases.bus as ReadOnlyDatabase), books: undefined, provider: new SandboxProviderBooks(run.sandboxUrl), paused: [], now: new Date(now) };
    const stores: Stores = { ...(databases as Record<ServiceStore, ReadOnlyDatabase>), ...beside }; // Opened by these very names.
    const verdicts = await checkAll(false, async () => stores);
    return verdicts.flatMap(({ invariant, offenders }) => offenders.map((offender) => `${invariant.id}: ${offender}`));
  } finally {
    await Promise.all(opened.map(([, database]) => database.close()));
  }
}

/** Numbers that look random, the same for the same seed. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
