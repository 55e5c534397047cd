import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { testBusDatabase, type TestDatabase } from '@libs/testing/test-database';
import { atOneInstant } from '../src/adapters/postgres/one-instant';
import { dumpTables, loadDatabase, sequencesOf } from '../src/adapters/postgres/table-files';
import { fileEntry } from '../src/backup/manifest';

/** Two databases in which something is written in the first one first, as events are: the second is never ahead. */

let databases: TestDatabase[];
let writer: Client[];
const folder = temporaryFolder('tables');
const TABLES = `create schema apart; create table apart.steps (n int not null);
  create function refuse() returns trigger language plpgsql as $$ begin raise exception 'never'; end $$;
  create table odd (id bigint generated always as identity primary key, words text, bytes bytea, facts jsonb, list text[], much numeric, at timestamptz, parent bigint references odd (id))`;

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

beforeAll(async () => {
  databases = await Promise.all([testBusDatabase(), testBusDatabase(), testBusDatabase()]);
  writer = await Promise.all(databases.map(({ url }) => connected(url)));
  for (const client of writer) await client.query(`${TABLES}; insert into apart.steps values (0);
    create trigger guard before delete on apart.steps execute function refuse(); alter table apart.steps enable always trigger guard;
    create trigger no_insert before insert on apart.steps for each row execute function refuse(); alter table apart.steps enable always trigger no_insert`);
}, 60_000);
afterAll(async () => {
  await Promise.all(writer.map((client) => client.end()));
  await Promise.all(databases.map((database) => database.close()));
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const urls = () => ({ first: databases[0]?.url ?? '', second: databases[1]?.url ?? '' });
const step = async (client: Client | undefined) => client?.query('update apart.steps set n = n + 1');

async function cutWhileWriting(world: () => number) {
  let isOver = false;
  const writing = (async () => {
    for (; !isOver; ) {
      await step(writer[0]);
      await step(writer[1]);
    }
  })();
  const cut = await atOneInstant(urls(), world);
  // The snapshots hold, however much is written after them.
  await Promise.all([step(writer[2]), new Promise((done) => setImmediate(done))]);
  const read = async (name: string) => Number((await cut.sessions.get(name)?.query<{ n: number }>('select n from apart.steps'))?.rows[0]?.n);
  const seen = { how: cut.how, world: cut.world, ahead: (await read('first')) - (await read('second')) };
  isOver = true;
  await writing;
  await cut.close();
  return seen;
}

it('databases that are written to all the time are cut at one instant, every time', async () => {
  for (let times = 0; times < 10; times++) {
    const { ahead, world } = await cutWhileWriting(() => 7);
    expect([0, 1]).toContain(ahead);
    expect(world).toBe(7);
  }
}, 60_000);

it('when nothing else helps, writers wait for a moment, and the cut is of one instant too', async () => {
  let looks = 0;
  // The outside world does not hold still for as long as it is only looked at.
  const { how, ahead, world } = await cutWhileWriting(() => (looks < 82 ? looks++ : 82));
  expect({ how, world }).toEqual({ how: 'behind locks', world: 82 });
  expect([0, 1]).toContain(ahead);
}, 60_000);

it('rows come back as they were, whatever is in them, and numbering goes on behind them', async () => {
  const [source, , target] = writer;
  const words = 'a "quoted" word, (brackets), \\backslash\\, a\nline, ü, 靴, ';
  const insert = 'insert into odd (words, bytes, facts, list, much, at, parent) values ($1, $2, $3, $4, $5, $6, $7)';
  await source?.query(insert, [words, Buffer.from([0, 1, 10, 92, 255]), { a: ['b"', null], c: 'x\ny' }, ['p,q', null, '"'], '12345678901234567890.000100', '2026-11-20T12:00:00.123456Z', null]);
  await source?.query(insert, [null, null, null, [], null, 'infinity', 1]);
  const cut = await atOneInstant({ first: urls().first }, () => 0);
  const session = cut.sessions.get('first');
  if (!session) throw new Error('there is no session');
  const dumped = await dumpTables(session, folder, 'first');
  const tables = await Promise.all(dumped.map(async ({ name, rows, path }) => ({ name, rows, file: await fileEntry(folder, path) })));
  const sequences = await sequencesOf(session);
  await cut.close();
  await loadDatabase(databases[2]?.url ?? '', folder, { migrations: [], sequences, tables });
  const all = async (client: Client | undefined) => (await client?.query('select o::text as row from odd o order by id'))?.rows;
  expect(await all(target)).toEqual(await all(source));
  const steps = async (client: Client | undefined) => (await client?.query('select n from apart.steps'))?.rows;
  expect(await steps(target)).toEqual(await steps(source));
  // What the database itself refuses, it refuses again afterwards.
  await expect(target?.query('insert into apart.steps values (1)')).rejects.toThrow('never');
  expect((await target?.query<{ id: string }>('insert into odd (words) values (null) returning id'))?.rows[0]?.id).toBe('3');
}, 60_000);

it('a row that got lost on the way is noticed', async () => {
  const file = await fileEntry(folder, 'first/public.odd.jsonl.gz');
  await expect(loadDatabase(databases[2]?.url ?? '', folder, { migrations: [], sequences: [], tables: [{ name: 'public.odd', rows: 3, file }] })).rejects.toThrow('holds 2 rows, and the manifest says 3');
  expect((await writer[2]?.query('select 1 from odd'))?.rowCount).toBe(3);
});
