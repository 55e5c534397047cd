import { randomUUID } from 'node:crypto';
import { partitionOf, type Bus } from '@libs/events/bus';
import { AppError } from '@libs/kernel/app-error';
import { disarmFailpoint, failOnce } from './fail-once';
import { parkingContract } from './parking.contract';
import { record, untilTheNextMoment, user } from './records';
import { Side, until } from './side';

export interface OpenBus {
  readonly bus: Bus;
  close(): Promise<void>;
}

const OPEN_MS_MAX = 60_000;

/** What every form of the bus must do, with the relay and the consumers that stand on it. */
export function busContract(form: string, open: () => Promise<OpenBus>): void {
  describe(`the log between services, ${form}`, () => {
    let opened: OpenBus;
    let bus: Bus;
    let side: Side;

    beforeEach(async () => {
      opened = await open();
      bus = opened.bus;
      side = await Side.start('user', bus);
    }, OPEN_MS_MAX);
    afterEach(async () => {
      disarmFailpoint();
      await side.stop();
      await opened.close();
    }, OPEN_MS_MAX);

    const readAll = async (group: string): Promise<string[]> => {
      const lines: string[] = [];
      await until(async () => {
        const batches = await bus.read(group, ['users']);
        lines.push(...batches.flatMap((batch) => batch.lines));
        await bus.commit(group, batches.map((batch) => ({ topic: batch.topic, partition: batch.partition, offset: batch.from + batch.lines.length })));
        return batches.length === 0 && (await bus.lag(group, ['users'])) === 0;
      });
      return lines;
    };
    const firstOf = async (group: string) => {
      let batches = await bus.read(group, ['users']);
      await until(async () => (batches = await bus.read(group, ['users'])).length > 0);
      return batches;
    };
    /** Until the consumer has taken everything that is on the log. */
    const takeAll = () => until(async () => {
      await side.consumer.pass();
      return (await bus.lag('user', ['users'])) === 0;
    });

    it('keeps the order of a key through many appends, whoever else appends', async () => {
      const group = randomUUID();
      await bus.subscribe(group, ['users']);
      const keys = [user(), user(), user()];
      await Promise.all(
        keys.map(async (key) => {
          for (let n = 1; n <= 250; n += 50) await bus.append(Array.from({ length: 50 }, (_, i) => record(key, n + i)));
        }),
      );
      const lines = await readAll(group);
      for (const key of keys) {
        const expected = Array.from({ length: 250 }, (_, i) => record(key, i + 1).line);
        expect(lines.filter((line) => line.includes(key))).toEqual(expected);
      }
      expect(await bus.lag(group, ['users'])).toBe(0);
    });

    it('counts the offsets of a partition without a gap', async () => {
      const key = user();
      const endOf = async () => (await bus.ends(['users'])).find((end) => end.partition === partitionOf(key))?.offset ?? 0;
      const before = await endOf();
      await Promise.all(Array.from({ length: 10 }, (_, n) => bus.append([record(key, 2 * n + 1), record(key, 2 * n + 2)])));
      expect(await endOf()).toBe(before + 20);
    });

    it('gives each group everything, and again what it has not committed', async () => {
      const [one, other] = [randomUUID(), randomUUID()];
      await bus.subscribe(one, ['users']);
      await bus.subscribe(other, ['users']);
      const key = user();
      await bus.append([record(key, 1)]);
      expect(await bus.lag(one, ['users'])).toBe(1);
      const first = await firstOf(one);
      expect(await bus.read(one, ['users'])).toEqual(first);
      expect(await readAll(other)).toEqual([record(key, 1).line]);
      expect(await readAll(one)).toEqual([record(key, 1).line]);
    });

    it('never moves a position back by a late commit', async () => {
      const group = randomUUID();
      await bus.subscribe(group, ['users']);
      const key = user();
      await bus.append([record(key, 1), record(key, 2)]);
      const [batch] = await firstOf(group);
      const at = (offset: number) => ({ topic: 'users' as const, partition: partitionOf(key), offset: (batch?.from ?? 0) + offset });
      await bus.commit(group, [at(2)]);
      await bus.commit(group, [at(1)]);
      expect(await readAll(group)).toEqual([]);
    });

    it('tells this process that there is something to read', async () => {
      const told = new Set<string>();
      bus.onAppend((topics) => topics.forEach((topic) => told.add(topic)));
      await bus.append([record(user(), 1)]);
      await until(async () => told.size > 0);
      expect([...told]).toEqual(['users']);
    });

    it('carries what was announced to its effect, in order', async () => {
      const [ann, bob] = [user(), user()];
      await side.announce(ann, 'a1', 'a2');
      await side.announce(bob, 'b1');
      await side.announce(ann, 'a3');
      await side.settle();
      expect(await side.told(ann)).toEqual(['a1', 'a2', 'a3']);
      expect(await side.told(bob)).toEqual(['b1']);
    });

    it('carries nothing of a transaction that was rolled back', async () => {
      const ann = user();
      const undone = side.transactions.run(async (tx) => {
        await side.sql.in(tx).query('select 1');
        throw new Error('changed our mind');
      });
      await expect(undone).rejects.toThrow('changed our mind');
      await side.announce(ann, 'a1');
      await side.settle();
      expect(await side.effects()).toEqual([{ key: ann, kseq: 1, told: 'a1' }]);
    });

    it.each(['relay.afterRead', 'relay.afterSend', 'relay.beforeMark'] as const)('loses and doubles nothing when the relay dies at %s', async (point) => {
      const ann = user();
      await side.announce(ann, 'a1', 'a2');
      failOnce(point);
      await expect(side.relay.pass()).rejects.toThrow(point);
      await side.relay.release();
      side.relay = side.anotherRelay();
      await side.announce(ann, 'a3');
      await side.settle();
      expect(await side.told(ann)).toEqual(['a1', 'a2', 'a3']);
    });

    it('applies each event once when two relays work at once', async () => {
      const keys = Array.from({ length: 5 }, user);
      const relays = [side.relay, side.anotherRelay()];
      const announcing = Promise.all(keys.map(async (key) => {
        for (let n = 1; n <= 20; n++) await side.announce(key, `r${n}`);
      }));
      const relaying = Promise.all(relays.map((relay) => until(async () => {
        await relay.pass();
        await relay.release(); // Each takes the lease from the other, as after a pause.
        return (await side.sql.query('select 1 from event_counter where last_kseq = 20')).length === keys.length;
      })));
      await Promise.all([announcing, relaying]);
      await side.settle();
      for (const key of keys) expect(await side.told(key)).toEqual(Array.from({ length: 20 }, (_, n) => `r${n + 1}`));
    });

    it('applies each event once when a whole batch arrives twice', async () => {
      const ann = user();
      const batch = [record(ann, 1), record(ann, 2)];
      await bus.append(batch);
      await bus.append(batch);
      await side.settle();
      expect(await side.told(ann)).toEqual(['r1', 'r2']);
      expect(side.consumer.fates.late).toBeGreaterThanOrEqual(2);
    });

    it('lets an event that comes before its predecessor wait for it', async () => {
      const [ann, bob] = [user(), user()];
      await bus.append([record(ann, 3), record(ann, 2), record(bob, 1)]);
      await takeAll();
      expect(await side.effects()).toEqual([{ key: bob, kseq: 1, told: 'r1' }]);
      await bus.append([record(ann, 1)]);
      await until(async () => {
        await side.consumer.pass();
        return (await side.told(ann)).length === 3;
      });
      expect(await side.told(ann)).toEqual(['r1', 'r2', 'r3']);
      expect(await side.sql.query('select 1 from parked')).toEqual([]);
    });

    it('does not pass over an event because a later one, which nobody handles, came before it', async () => {
      const ann = user();
      const unheard = JSON.stringify(['users', ann, 3, 'user.reinstated', { userId: ann }, { id: 'evt_3', at: '2026-11-20T12:00:00Z' }]);
      for (const one of [record(ann, 1), { topic: 'users' as const, key: ann, line: unheard }, record(ann, 2), record(ann, 4)]) {
        await bus.append([one]);
        await takeAll();
      }
      await side.settle();
      expect(await side.told(ann)).toEqual(['r1', 'r2', 'r4']);
    });

    it('applies each event once when two consumers of one service work at once', async () => {
      const keys = Array.from({ length: 8 }, user);
      for (const key of keys) await side.announce(key, 'r1', 'r2', 'r3', 'r4');
      await side.relay.pass();
      const second = side.anotherConsumer();
      await until(async () => {
        await Promise.all([side.consumer.pass(), second.pass()]);
        return (await side.consumer.pending()) === 0;
      });
      for (const key of keys) expect(await side.told(key)).toEqual(['r1', 'r2', 'r3', 'r4']);
    });

    it('changes nothing when everything is replayed from the beginning', async () => {
      const ann = user();
      await side.announce(ann, 'a1', 'a2');
      await side.announceUnheard(ann, 3);
      await side.announce(ann, 'a3');
      await side.settle();
      const before = [await side.effects(), await side.sql.query('select * from inbox_cursor order by topic, key')];
      await bus.rewind('user', ['users']);
      expect(await side.consumer.pending()).toBeGreaterThan(0);
      await side.settle();
      expect([await side.effects(), await side.sql.query('select * from inbox_cursor order by topic, key')]).toEqual(before);
    });

    it('replays from a time on, and nothing older', async () => {
      const group = randomUUID();
      await bus.subscribe(group, ['users']);
      const [older, newer] = [user(), user()];
      await bus.append([record(older, 1)]);
      expect(await readAll(group)).toEqual([record(older, 1).line]);
      const since = await untilTheNextMoment();
      await bus.append([record(newer, 1), record(newer, 2)]);
      await readAll(group);
      await bus.rewind(group, ['users'], since);
      expect(await readAll(group)).toEqual([record(newer, 1).line, record(newer, 2).line]);
    });

    it('begins at the beginning as long as nothing is forgotten', async () => {
      await bus.append([record(user(), 1), record(user(), 1)]);
      expect(await bus.starts(['users'])).toEqual([]);
    });

    it('fills an empty projection with what the log holds, though its keys do not begin at 1', async () => {
      const [ann, bob] = [user(), user()];
      await bus.append([record(ann, 7), record(ann, 8), record(bob, 1)]);
      await takeAll();
      expect(await side.told(ann)).toEqual([]); // Its predecessors are past the retention: it waits for them in vain.
      await expect(side.replay()).rejects.toThrow('the beginning of 1 keys');
      await side.replay(new Date(0)); // From whenever on: what there is.
      await side.settle();
      expect(await side.told(ann)).toEqual(['r7', 'r8']);
      expect(await side.told(bob)).toEqual(['r1']);
      const before = (await side.effects()).sort((a, b) => (a.key + a.kseq < b.key + b.kseq ? -1 : 1));
      await side.replay(new Date(0));
      await side.settle();
      expect((await side.effects()).sort((a, b) => (a.key + a.kseq < b.key + b.kseq ? -1 : 1))).toEqual(before);
    });

    it('says of what comes again after a replay that it does, and of nothing else', async () => {
      const [ann, bob] = [user(), user()];
      await side.announce(ann, 'a1', 'a2');
      await side.announce(bob, 'b1');
      await side.announceUnheard(bob, 1);
      await side.settle();
      await side.announce(ann, 'a3');
      await side.relay.pass(); // On the bus, and not heard of.
      await side.replay();
      await side.settle();
      expect(side.notebook.retold.sort()).toEqual(['a1', 'a2', 'b1']);
      expect(await side.told(ann)).toEqual(['a1', 'a2', 'a3']);
      expect(await side.sql.query('select * from replays')).toEqual([]);
    });

    it('passes over what the service does not handle', async () => {
      const ann = user();
      await side.announceUnheard(ann, 120);
      await side.announce(ann, 'after');
      await side.settle();
      expect(await side.effects()).toEqual([{ key: ann, kseq: 121, told: 'after' }]);
    });

    it('tries an event again while the surroundings fail, and skips nothing', async () => {
      const ann = user();
      await side.announce(ann, 'a1', 'a2');
      await side.relay.pass();
      let failures = 6;
      side.notebook.afterEffect = () => {
        if (failures-- > 0) throw new AppError('unavailable', 'test.away', 'Somebody is away.');
      };
      await side.settle();
      expect(await side.told(ann)).toEqual(['a1', 'a2']);
      expect(side.consumer.fates.parked).toBe(0);
    });

    parkingContract(() => ({ bus, side }));
  });
}
