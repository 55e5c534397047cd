import fc from 'fast-check';
import type { BusPosition, BusRecord } from '@libs/events/bus';
import { EmbeddedBus } from '@libs/events/embedded-bus';
import { Database } from '@libs/postgres/database';
import { testBusDatabase, type TestDatabase } from '@libs/testing/test-database';
import { disarmFailpoint, failOnce } from './fail-once';
import { Side } from './side';

/** A bus whose link breaks where the test says: before or after what was asked for has happened. */
class BreakingBus extends EmbeddedBus {
  breaks: 'append' | 'appended' | 'commit' | 'committed' | undefined;

  override async append(records: readonly BusRecord[]): Promise<void> {
    this.breakAt('append');
    await super.append(records);
    this.breakAt('appended');
  }

  override async commit(group: string, positions: readonly BusPosition[]): Promise<void> {
    this.breakAt('commit');
    await super.commit(group, positions);
    this.breakAt('committed');
  }

  private breakAt(point: typeof this.breaks): void {
    if (this.breaks !== point) return;
    this.breaks = undefined;
    throw new Error(`the link broke at ${point}`);
  }
}

const KEYS = ['usr_a', 'usr_b', 'usr_c'];

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('announce' as const), key: fc.constantFrom(...KEYS), events: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('announce unheard' as const), key: fc.constantFrom(...KEYS), events: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('relay' as const), dies: fc.constantFrom(undefined, 'relay.afterRead' as const, 'relay.afterSend' as const, 'relay.beforeMark' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('relay' as const), breaks: fc.constantFrom('append' as const, 'appended' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('consume' as const), breaks: fc.constantFrom(undefined, 'commit' as const, 'committed' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('consume, and the handler dies' as const), at: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('two relays' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('two consumers' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

describe('events, killed anywhere', () => {
  let busDatabase: TestDatabase;
  let database: Database;
  let bus: BreakingBus;

  beforeEach(async () => {
    busDatabase = await testBusDatabase();
    database = await Database.open({ url: busDatabase.url, poolSize: 4, name: 'bus', acquireTimeoutMs: 20_000 });
    bus = new BreakingBus(database);
  });
  afterEach(async () => {
    await database.close();
    await busDatabase.close();
  });

  it('are neither lost nor applied twice, and keep the order of their key', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const side = await Side.start('user', bus);
        const told = new Map<string, string[]>(KEYS.map((key) => [key, []]));
        try {
          await bus.rewind('user', ['users']);
          const prefix = `run${(run += 1)}-`;
          for (const one of steps) await play(side, one, { prefix, told });
          side.notebook.afterEffect = () => undefined;
          bus.breaks = undefined;
          disarmFailpoint();
          await side.settle();
          for (const key of KEYS) expect(await side.told(prefix + key)).toEqual(told.get(key));
          expect(await side.parked.list()).toEqual([]);
        } finally {
          await side.stop();
        }
      }),
      { numRuns: 20, endOnFailure: true },
    );
  }, 120_000);

  async function play(side: Side, one: Step, { prefix, told }: { prefix: string; told: Map<string, string[]> }): Promise<void> {
    const killed = (work: Promise<unknown>) => work.catch(() => undefined);
    switch (one.do) {
      case 'announce': {
        const mine = told.get(one.key) ?? [];
        const more = Array.from({ length: one.events }, (_, n) => `${mine.length + n + 1}`);
        await side.announce(prefix + one.key, ...more);
        mine.push(...more);
        return;
      }
      case 'announce unheard':
        return side.announceUnheard(prefix + one.key, one.events);
      case 'relay':
        if ('dies' in one && one.dies) failOnce(one.dies);
        if ('breaks' in one) bus.breaks = one.breaks;
        await killed(side.relay.pass());
        side.relay = side.anotherRelay(); // A new process; the old lease runs out, or not, in its own time.
        await side.sql.query('update relay_lease set expires_at = now()');
        return;
      case 'consume':
        bus.breaks = one.breaks;
        await killed(side.consumer.pass());
        side.consumer = side.anotherConsumer();
        return;
      case 'consume, and the handler dies': {
        let left = one.at;
        side.notebook.afterEffect = () => {
          if (--left === 0) throw new Error('killed before the commit');
        };
        await killed(side.consumer.pass());
        side.consumer = side.anotherConsumer();
        return;
      }
      case 'two relays':
        await Promise.all([killed(side.relay.pass()), killed(side.anotherRelay().pass())]);
        return;
      case 'two consumers':
        await Promise.all([killed(side.consumer.pass()), killed(side.anotherConsumer().pass())]);
        return;
      case 'replay':
        return bus.rewind('user', ['users']);
    }
  }
});
