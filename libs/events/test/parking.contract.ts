import type { Bus } from '@libs/events/bus';
import { record, sharingPartition, user } from './records';
import type { Side } from './side';

const ben = { by: 'ben', reason: 'tested' };

/** What becomes of events that cannot be applied: a part of the contract of the bus, within its suite. */
export function parkingContract(current: () => { readonly bus: Bus; readonly side: Side }): void {
  it('parks the key of an event that fails five times, while other keys flow', async () => {
    const { side } = current();
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
    const { side } = current();
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
    const { side } = current();
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
    const { side, bus } = current();
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
}
