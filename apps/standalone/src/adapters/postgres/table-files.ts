import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { HeardClient } from '@libs/postgres/heard-client';
import { type Client, escapeIdentifier } from 'pg';
import type { DatabaseEntry } from '../../backup/manifest';

/** A database as files: one for each table, a line for each row, which is the row's own text form in PostgreSQL as a JSON string. */

const ROWS_AT_ONCE = 1_000;
/** Our own record of what has landed: written by the migrations themselves. */
const MIGRATIONS = 'public.migrations';

/** `<schema>.<name>`: services keep tables in schemas of their own too, such as the ledger. */
const quoted = (name: string) => name.split('.').map(escapeIdentifier).join('.');

export async function tableNames(session: Client): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(`select schemaname || '.' || tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1`);
  return rows.map(({ name }) => name);
}

/** For as long as the transaction lasts: every table, against writers. */
export async function lockTables(session: Client): Promise<void> {
  await session.query(`lock table ${(await tableNames(session)).map(quoted).join(', ')} in share mode`);
}

export async function migrationsIn(session: Client): Promise<DatabaseEntry['migrations']> {
  return (await session.query<DatabaseEntry['migrations'][number]>('select set, number, name, checksum from migrations order by set, number')).rows;
}

export async function dumpTables(session: Client, folder: string, prefix: string): Promise<{ name: string; rows: number; path: string }[]> {
  const dumped = [];
  for (const name of (await tableNames(session)).filter((table) => table !== MIGRATIONS)) {
    const path = `${prefix}/${name}.jsonl.gz`;
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    const count = { rows: 0 };
    await pipeline(Readable.from(linesOf(session, name, count)), createGzip({ level: 4 }), createWriteStream(join(folder, path), { mode: 0o600 }));
    dumped.push({ name, rows: count.rows, path });
  }
  return dumped;
}

async function* linesOf(session: Client, name: string, count: { rows: number }): AsyncGenerator<string> {
  await session.query(`declare whole no scroll cursor for select whole_row::text as row from ${quoted(name)} whole_row`);
  for (;;) {
    const { rows } = await session.query<{ row: string }>(`fetch ${ROWS_AT_ONCE} from whole`);
    if (rows.length > 0) yield rows.map(({ row }) => `${JSON.stringify(row)}\n`).join('');
    count.rows += rows.length;
    if (rows.length < ROWS_AT_ONCE) break;
  }
  await session.query('close whole');
}

/** Sequences are of no snapshot: what they say now is as far as the rows of any, or further. */
export async function sequencesOf(session: Client): Promise<DatabaseEntry['sequences']> {
  return (await session.query<{ name: string; last: string }>(`select schemaname || '.' || sequencename as name, last_value::text as last from pg_sequences where last_value is not null order by 1`)).rows;
}

/** Fills a database whose tables the migrations have just made, in one transaction. Triggers and references hold of the rows already. */
export async function loadDatabase(url: string, folder: string, { tables, sequences }: DatabaseEntry): Promise<void> {
  const session = new HeardClient({ connectionString: url, application_name: 'pairwise-restore' });
  await session.connect();
  try {
    await session.query(`set datestyle = 'ISO, MDY'; set timezone = 'UTC'; set intervalstyle = 'postgres'; set statement_timeout = 0`);
    await session.query('begin');
    await session.query('set local session_replication_role = replica');
    const guards = await guardsIn(session);
    for (const { table, trigger } of guards) await session.query(`alter table ${quoted(table)} disable trigger ${escapeIdentifier(trigger)}`);
    const made = (await tableNames(session)).filter((name) => name !== MIGRATIONS);
    // What the migrations themselves have put in is in the backup too.
    await session.query(`truncate ${made.map(quoted).join(', ')}`);
    for (const { name, rows, file } of tables) {
      const loaded = await loadTable(session, name, join(folder, file.path));
      if (loaded !== rows) throw new Error(`${file.path} holds ${loaded} rows, and the manifest says ${rows}.`);
    }
    for (const { name, last } of sequences) await session.query('select setval($1::regclass, $2::bigint)', [quoted(name), last]);
    for (const { table, trigger } of guards) await session.query(`alter table ${quoted(table)} enable always trigger ${escapeIdentifier(trigger)}`);
    await session.query('commit');
    await session.query('analyze');
  } finally {
    await session.end();
  }
}

/** Triggers that hold even of copies, such as the ledger's: they are put to rest for the load alone, within its transaction. */
async function guardsIn(session: Client): Promise<{ table: string; trigger: string }[]> {
  const { rows } = await session.query<{ table: string; trigger: string }>(
    `select n.nspname || '.' || c.relname as table, t.tgname as trigger from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and t.tgenabled = 'A' order by 1, 2`,
  );
  return rows;
}

async function loadTable(session: Client, name: string, path: string): Promise<number> {
  const columns = await writtenColumns(session, name);
  const insert = `insert into ${quoted(name)} (${columns.join(', ')}) overriding system value
    select ${columns.map((column) => `(made.whole).${column}`).join(', ')} from (select v::${quoted(name)} as whole from unnest($1::text[]) v offset 0) made`;
  let [rows, batch]: [number, string[]] = [0, []];
  for await (const line of createInterface({ input: createReadStream(path).pipe(createGunzip()), crlfDelay: Infinity })) {
    batch.push(JSON.parse(line) as string); // Written above, as one string.
    rows += 1;
    if (batch.length < ROWS_AT_ONCE) continue;
    await session.query(insert, [batch]);
    batch = [];
  }
  if (batch.length > 0) await session.query(insert, [batch]);
  return rows;
}

/** The columns of a table but for those that the database works out of the others. */
async function writtenColumns(session: Client, name: string): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`, [quoted(name)],
  );
  return rows.map((row) => row.name);
}
