import { randomUUID } from 'node:crypto';
import { partitionOf, type Bus } from '@libs/events/bus';
import { AppError } from '@libs/kernel/app-error';
import { disarmFailpoint, failOnce } from './fail-once';
import { Side, until } from './side';

export interface OpenBus {
  readonly bus: Bus;
  close(): Promise<void>;
}

const user = () => `usr_${randomUUID()}`;
const ben = { by: 'ben', reason: 'tested' };
const record = (key: string, n: number) => ({ topic: 'users' as const, key, line: JSON.stringify(['users', key, n, 'user.suspended', { userId: key, reason: `r${n}` }, { id: `evt_${n}`, at: '2026-11-20T12:00:00Z' }]) });

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
    });
    afterEach(async () => {
      disarmFailpoint();
      await side.stop();
      await opened.close();
    });

    const readAll = async (group: string): Promise<string[]> => {
      const lines: string[] = [];
      await until(async () => {
        const batches = await bus.read(group, ['users']);
        lines.push(...batches.flatMap((batch) => batch.lines));
        await bus.commit(group, batches.map((batch) => ({ topic: batch.topic, partition: batch.partition, offset: batch.from + batch.lines.length })));
        return batches.length === 0;
      });
      return lines;
    };

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
      const first = await bus.read(one, ['users']);
      expect(await bus.read(one, ['users'])).toEqual(first);
      expect(await readAll(other)).toEqual([record(key, 1).line]);
      expect(await readAll(one)).toEqual([record(key, 1).line]);
    });

    it('never moves a position back by a late commit', async () => {
      const group = randomUUID();
      await bus.subscribe(group, ['users']);
      const key = user();
      await bus.append([record(key, 1), record(key, 2)]);
      const [batch] = await bus.read(group, ['users']);
      const at = (offset: number) => ({ topic: 'users' as const, partition: partitionOf(key), offset: (batch?.from ?? 0) + offset });
      await bus.commit(group, [at(2)]);
      await bus.commit(group, [at(1)]);
      expect(await readAll(group)).toEqual([]);
    });

    it('tells this process that something was appended', async () => {
      let told = 0;
      bus.onAppend(() => (told += 1));
      await bus.append([record(user(), 1)]);
      expect(told).toBe(1);
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
      await side.consumer.pass();
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
        await side.consumer.pass();
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

    it('parks the key of an event that fails five times, while other keys flow', async () => {
      const ann = user();
      const neighbour = sharingPartition(ann);
      let tries = 0;
      side.notebook.afterEffect = (told) => {
        if (told !== 'poison') return;
        tries += 1;
        throw new TypeError('a bug of the handler');
      };
      await side.announce(ann, 'a1', 'poison', 'a3');
      await side.announce(neighbour, 'b1');
      await side.settle();
      expect(tries).toBe(5);
      expect(await side.told(ann)).toEqual(['a1']);
      expect(await side.told(neighbour)).toEqual(['b1']);
      expect(await side.parked.list()).toMatchObject([{ consumer: 'user', topic: 'users', key: ann, kseq: 2, error: 'TypeError: a bug of the handler', attempts: 5, waitingBehind: 1 }]);
    });

    it('resumes a parked key where it stood, once the cause is mended', async () => {
      const ann = user();
      side.notebook.afterEffect = (told) => {
        if (told === 'poison') throw new TypeError('a bug of the handler');
      };
      await side.announce(ann, 'poison', 'a2');
      await side.settle();
      side.notebook.afterEffect = () => undefined;
      const place = { consumer: 'user', topic: 'users', key: ann, kseq: 1 };
      expect(await side.parked.resume(place, ben)).toBe(true);
      await side.settle();
      await side.announce(ann, 'a3');
      await side.settle();
      expect(await side.told(ann)).toEqual(['poison', 'a2', 'a3']);
      expect(await side.parked.resume(place, ben)).toBe(false);
      expect(await side.sql.query('select has_parked from inbox_cursor where key = $1', [ann])).toEqual([{ has_parked: false }]);
    });

    it('goes on behind an event that a person skips', async () => {
      const ann = user();
      side.notebook.afterEffect = (told) => {
        if (told === 'poison') throw new TypeError('a bug of the handler');
      };
      await side.announce(ann, 'poison', 'a2');
      await side.settle();
      expect(await side.parked.skip({ consumer: 'user', topic: 'users', key: ann, kseq: 1 }, ben)).toBe(true);
      await side.settle();
      expect(await side.told(ann)).toEqual(['a2']);
      const [kept] = await side.sql.query<{ event: string }>(`select * from parked_decisions where key = $1`, [ann]);
      expect(kept).toMatchObject({ decision: 'discard', decided_by: 'ben', reason: 'tested', kseq: 1, error: 'TypeError: a bug of the handler', attempts: 5 });
      expect(kept?.event).toContain('poison');
    });

    it('parks what it cannot read at once, and an event of a newer service', async () => {
      const [ann, bob] = [user(), user()];
      const newer = JSON.stringify(['users', bob, 1, 'user.promoted', {}, { id: 'evt_1', at: '2026-11-20T12:00:00Z' }]);
      await bus.append([{ topic: 'users', key: ann, line: '{not json' }, { topic: 'users', key: bob, line: newer }, record(ann, 1)]);
      await side.settle();
      expect(await side.told(ann)).toEqual(['r1']);
      const parked = await side.parked.list();
      expect(parked.map(({ error }) => error).sort()).toEqual(['UnknownEvent: no event is called user.promoted', 'unreadable']);
      const unreadable = parked.find(({ error }) => error === 'unreadable');
      if (!unreadable) throw new Error('nothing unreadable is parked');
      expect(await side.parked.resume(unreadable, ben)).toBe(false);
      expect(await side.parked.skip(unreadable, ben)).toBe(true);
      expect(await side.parked.count()).toBe(1);
    });
  });

  function sharingPartition(key: string): string {
    for (;;) {
      const other = user();
      if (partitionOf(other) === partitionOf(key)) return other;
    }
  }
}
