import { typeId } from '@libs/kernel/ids';
import { Database } from '@libs/postgres/database';
import { Journal } from '../src/adapters/postgres/journal';
import { replayJournal } from '../src/application/replay-journal';
import { Harness, quoteIdOf } from './writer-harness';

describe('the journal of a real run', () => {
  let harness: Harness;
  let database: Database;
  beforeAll(async () => {
    harness = await Harness.open(3);
    database = await Database.open({ url: harness.database.url, poolSize: 1, name: 'replay' });
    const desk = await harness.desk();
    const market = harness.markets[1] as string;
    for (let round = 0; round < 12; round++) {
      const at = harness.markets[round % 3] as string;
      const orders = Array.from({ length: 12 }, (_, i) => desk.place(i % 2 === 0 ? 'bid' : 'ask', `user-${i % 5}`, 95 + ((i * 7 + round * 3) % 11), { market: at, days: 1 + (i % 3 === 0 ? 2 : 0) }));
      const placed = await Promise.all(orders);
      for (const reply of placed.slice(0, 4)) if ('done' in reply && reply.done.quote?.status === 'active') await desk.cancel(`user-${placed.indexOf(reply) % 5}`, quoteIdOf(reply));
      if (round === 6) await desk.halt(market, 'halt');
      if (round === 8) await desk.halt(market, 'resume');
      harness.clock.ms += 20 * 3_600_000;
    }
    const { rows } = await harness.sql.query<{ id: string }>('select id from matches limit 3');
    for (const { id } of rows) {
      const match = await desk.records.match(typeId('mtc', id));
      if (match) await desk.bust(match, 'payment_failed', [...harness.users.values()].find(({ userId }) => userId === match.ask.userId));
    }
  });
  afterAll(async () => {
    await database.close();
    await harness.close();
  });

  it('gives the same fills and the same books through the pure engine', async () => {
    const { events, differences } = await replayJournal(new Journal(database.sql));
    expect(differences).toEqual([]);
    expect(events).toBeGreaterThan(100);
  });

  it('shows when a fill, a step or a book is not what it was', async () => {
    const tamper = async (statement: string) => {
      await harness.sql.query('begin');
      await harness.sql.query(statement);
      await harness.sql.query('commit');
      return (await replayJournal(new Journal(database.sql))).differences;
    };
    const last = `(select pos from outbox where events like '%match.created%' order by pos desc limit 1)`;
    await harness.sql.query('create table kept as select * from outbox');
    const undo = `update outbox o set events = k.events from kept k where k.pos = o.pos`;
    expect(await tamper(`update outbox set events = regexp_replace(events, '"minor":"1[0-9]+"\\},"matchedAt"', '"minor":"999"},"matchedAt"') where pos = ${last}`)).not.toEqual([]);
    expect(await tamper(undo)).toEqual([]);
    expect(await tamper(`update quotes set prio = prio + 1 where id = (select id from quotes where status = 'active' limit 1)`)).toEqual([expect.stringContaining('is not the book of the table')]);
    expect(await tamper(`update markets set seq = seq + 1 where id = (select id from markets where seq > 0 limit 1)`)).toContainEqual(expect.stringContaining('the journal ends at step'));
  });
});
