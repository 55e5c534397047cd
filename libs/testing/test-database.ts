import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { busTables, eventTables } from '@libs/events/event-tables';
import { migrate, migrationsOf, type MigrationSet } from '@libs/postgres/migrate';
import { testServerUrl } from './internal/test-server';

export interface TestDatabase {
  readonly url: string;
  /** Drops it, with whatever is still connected. */
  close(): Promise<void>;
}

const LOCK = 7_051_002;
const RENAME_TRIES = 100;

/** A fresh database of a service: the tables of libs/events, then its own. Made from a template that is migrated once a run. */
export function testDatabase(migrationsDir?: string): Promise<TestDatabase> {
  return databaseOf([eventTables, ...(migrationsDir === undefined ? [] : [{ name: 'service', directory: migrationsDir }])]);
}

/** A fresh database for the embedded bus. */
export function testBusDatabase(): Promise<TestDatabase> {
  return databaseOf([busTables]);
}

async function databaseOf(sets: readonly MigrationSet[]): Promise<TestDatabase> {
  const template = await templateOf(sets);
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin((admin) => admin.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)} strategy file_copy`));
  return {
    url: await testServerUrl(name),
    close: () => asAdmin(async (admin) => void (await admin.query(`drop database if exists ${escapeIdentifier(name)} with (force)`))),
  };
}

const templates = new Map<string, Promise<string>>();

function templateOf(sets: readonly MigrationSet[]): Promise<string> {
  const contents = sets.flatMap((set) => migrationsOf(set).map(({ name, checksum }) => `${set.name}/${name}/${checksum}`));
  const name = `template_${createHash('sha256').update(contents.join('\n')).digest('hex').slice(0, 20)}`;
  const known = templates.get(name) ?? makeTemplate(name, sets);
  templates.set(name, known);
  return known;
}

/** Under its final name only once it is complete; other workers wait for it. */
async function makeTemplate(name: string, sets: readonly MigrationSet[]): Promise<string> {
  const unfinished = `${name}_${process.pid}`;
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [LOCK]);
    const { rows } = await admin.query('select 1 from pg_database where datname = $1', [name]);
    if (rows.length > 0) return;
    await admin.query(`create database ${escapeIdentifier(unfinished)} strategy file_copy`);
    await migrate(await testServerUrl(unfinished), sets);
    await rename(admin, unfinished, name);
  });
  return name;
}

/** The session that migrated may take a moment to be gone. */
async function rename(admin: Client, from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await admin.query(`alter database ${escapeIdentifier(from)} rename to ${escapeIdentifier(to)}`);
      return;
    } catch (error) {
      if (tries === RENAME_TRIES) throw error;
      await pause(20);
    }
  }
}

async function asAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: await testServerUrl('postgres') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
