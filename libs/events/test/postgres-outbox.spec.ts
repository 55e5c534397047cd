import { eventOf, parseLine } from '@libs/events/event-line';
import { EmbeddedBus } from '@libs/events/embedded-bus';
import { Database } from '@libs/postgres/database';
import type { Transaction } from '@libs/postgres/transaction';
import { testBusDatabase, type TestDatabase } from '@libs/testing/test-database';
import { Side } from './side';

describe('the outbox', () => {
  let busDatabase: TestDatabase;
  let database: Database;
  let side: Side;

  beforeAll(async () => {
    busDatabase = await testBusDatabase();
    database = await Database.open({ url: busDatabase.url, poolSize: 2, name: 'bus', acquireTimeoutMs: 20_000 });
    side = await Side.start('user', new EmbeddedBus(database));
  });
  afterAll(async () => {
    await side.stop();
    await database.close();
    await busDatabase.close();
  });
  beforeEach(() => side.sql.query('truncate outbox, event_counter'));

  const rows = () => side.sql.query<{ events: string; event_count: number }>('select events, event_count from outbox order by pos');
  const suspend = (tx: Transaction, userId: string, reason: string) => side.outbox.add(tx, 'user.suspended', userId, { userId, scope: 'all', reason });

  it('writes all events of a transaction as one row, a line each, readable by people', async () => {
    await side.transactions.run(async (tx) => {
      suspend(tx, 'usr_b', 'first\nand "second"');
      suspend(tx, 'usr_a', 'third');
      suspend(tx, 'usr_b', 'fourth');
    });
    const [row] = await rows();
    const lines = (row?.events ?? '').split('\n').map(parseLine);
    expect(row?.event_count).toBe(3);
    expect(lines.map(({ topic, key, kseq, type }) => [topic, key, kseq, type])).toEqual([
      ['users', 'usr_b', 1, 'user.suspended'],
      ['users', 'usr_a', 1, 'user.suspended'],
      ['users', 'usr_b', 2, 'user.suspended'],
    ]);
    expect(lines[0]?.payload).toEqual({ userId: 'usr_b', scope: 'all', reason: 'first\nand "second"' });
    expect(lines[0]?.headers).toEqual({ id: expect.stringMatching(/^evt_/) as string, at: '2026-11-20T12:00:00.000Z' });
    expect(await side.sql.query('select type, kseq from outbox_events order by pos, n limit 1')).toEqual([{ type: 'user.suspended', kseq: 1 }]);
  });

  it('numbers the events of a key without a gap, whoever announces at the same time and whatever is undone', async () => {
    const keys = ['usr_a', 'usr_b', 'usr_c'];
    const works = Array.from({ length: 30 }, (_, n) =>
      side.transactions.run(async (tx) => {
        for (let i = 0; i < 3; i++) suspend(tx, keys[(n + i * (n % 2 ? 1 : 2)) % 3] ?? '', `t${n}`);
        if (n % 5 === 0) throw new Error('undone');
      }),
    );
    const results = await Promise.allSettled(works);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(6);
    const lines = (await rows()).flatMap((row) => row.events.split('\n')).map(parseLine);
    for (const key of keys) {
      expect(lines.filter((line) => line.key === key).map((line) => line.kseq)).toEqual(Array.from({ length: 24 }, (_, n) => n + 1));
    }
  });

  it("refuses another service's events, and events after the end", async () => {
    await expect(side.transactions.run(async (tx) => side.outbox.add(tx, 'product.retired', 'prd_a', {}))).rejects.toThrow("product.retired is not user's to announce");
    let ended: Transaction | undefined;
    await side.transactions.run(async (tx) => void (ended = tx));
    expect(() => suspend(ended as unknown as Transaction, 'usr_a', 'late')).toThrow("comes after its transaction's end");
  });

  it('says after each commit that there is something to send, and not otherwise', async () => {
    let told = 0;
    side.outbox.onCommitted(() => (told += 1));
    await side.announce('usr_a', 'one', 'two');
    await side.transactions.run(async (tx) => void (await side.sql.in(tx).query('select 1')));
    await expect(side.transactions.run(async (tx) => { suspend(tx, 'usr_a', 'no'); throw new Error('undone'); })).rejects.toThrow('undone');
    expect(told).toBe(1);
  });
});

describe('the line of an event', () => {
  it('may hold fields that a newer producer has added', () => {
    expect(eventOf('user.suspended', { userId: 'usr_a', reason: 'r', mood: 'grim' })).toMatchObject({ userId: 'usr_a', reason: 'r' });
  });

  it.each(['', '{}', '[]', '["users"]', '["users","usr_a",1.5,"user.suspended",{},{"id":"e","at":"t"}]', '["users","usr_a",1,"user.suspended",[],{"id":"e","at":"t"}]', '["users","usr_a",1,"user.suspended",{},{}]'])(
    'is not %s',
    (text) => expect(() => parseLine(text)).toThrow(),
  );
});
