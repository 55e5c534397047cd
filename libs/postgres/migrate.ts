import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { HeardClient } from './heard-client';

/** Numbered files of plain SQL, `NNNN-name.sql`, that make one set of tables. */
export interface MigrationSet {
  readonly name: string;
  readonly directory: string;
}

interface Migration {
  readonly set: string;
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

export class MigrationRefused extends Error {
  override name = 'MigrationRefused';
}

/** Any number that all starters agree upon; the lock is per database. */
const LOCK = 7_051_001;

export function migrationsOf(set: MigrationSet): Migration[] {
  const names = readdirSync(set.directory).filter((name) => name.endsWith('.sql')).sort();
  const migrations = names.map((name) => {
    const number = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1];
    if (!number) throw new MigrationRefused(`${set.name}/${name}: a migration is called NNNN-name.sql`);
    const sql = readFileSync(join(set.directory, name), 'utf8');
    return { set: set.name, number: Number(number), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
  migrations.forEach((migration, at) => {
    if (migration.number === migrations[at - 1]?.number) throw new MigrationRefused(`${set.name}: two migrations are number ${migration.number}`);
  });
  return migrations;
}

/**
 * Brings a database up to date: each file once, in its own transaction. Landed files may not change or be overtaken;
 * ones that are missing here are those of a newer version, which may have run before this one.
 * `isWanted` leaves some out, to make the tables as an earlier version had them.
 */
export async function migrate(url: string, sets: readonly MigrationSet[], isWanted: (migration: Pick<Migration, 'set' | 'number'>) => boolean = () => true): Promise<void> {
  const all = sets.map((set) => migrationsOf(set).filter(isWanted));
  const client = new HeardClient({ connectionString: url, application_name: 'pairwise-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(`create table if not exists migrations (
      set text not null, number int not null, name text not null, checksum text not null, landed_at timestamptz not null default now(), primary key (set, number))`);
    for (const migrations of all) await land(client, migrations);
  } finally {
    await client.end();
  }
}

async function land(client: Client, migrations: readonly Migration[]): Promise<void> {
  const set = migrations[0]?.set;
  const { rows } = await client.query<{ number: number; checksum: string }>('select number, checksum from migrations where set = $1', [set]);
  const landed = new Map(rows.map((row) => [row.number, row.checksum]));
  const last = Math.max(0, ...landed.keys());
  for (const migration of migrations) {
    const checksum = landed.get(migration.number);
    const title = `${migration.set}/${migration.name}`;
    if (checksum === migration.checksum) continue;
    if (checksum) throw new MigrationRefused(`${title} has changed since it landed: write a new one`);
    if (migration.number < last) throw new MigrationRefused(`${title} comes before ${last}, which has landed: give it a higher number`);
    await landOne(client, migration);
  }
}

async function landOne(client: Client, { set, number, name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(sql);
    await client.query('insert into migrations (set, number, name, checksum) values ($1, $2, $3, $4)', [set, number, name, checksum]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new MigrationRefused(`${set}/${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
