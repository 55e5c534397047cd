import { HeardClient } from '@libs/postgres/heard-client';
import type { Client } from 'pg';
import { lockTables } from './table-files';

/** Sessions whose snapshots are of one instant, one for each database. */
export interface OneInstant {
  readonly how: 'one snapshot' | 'behind locks';
  readonly sessions: ReadonlyMap<string, Client>;
  /** What `world` said at that instant. */
  readonly world: number;
  close(): Promise<void>;
}

const TRIES = 40;
const LOCKED_TRIES = 20;
const LOCK_TIMEOUT_MS = 400;
/** So that rows read as text are read back as the same, whatever the server's own settings. */
const SETTINGS = `set datestyle = 'ISO, MDY'; set timezone = 'UTC'; set intervalstyle = 'postgres'; set extra_float_digits = 1; set bytea_output = 'hex'; set statement_timeout = 0; set lock_timeout = 0`;

/**
 * Opens a snapshot in every database such that nothing was committed anywhere between the first and the last of them:
 * together they are what a crash of the whole exchange at that instant would have left.
 *
 * Transaction numbers are one server's, not one database's: when all snapshots name the same numbers, nothing has ended in between.
 * Where that does not come about (much traffic, or several servers), writers are made to wait for a moment.
 * `world` tells how far the outside world has come; it must not move in between either.
 */
export async function atOneInstant(urls: Readonly<Record<string, string>>, world: () => number): Promise<OneInstant> {
  const sessions = new Map(await Promise.all(Object.entries(urls).map(async ([name, url]) => [name, await connect(url)] as const)));
  const close = async () => {
    await Promise.all([...sessions.values()].map((session) => session.end()));
  };
  try {
    const isOneServer = new Set(await Promise.all([...sessions.values()].map(serverOf))).size === 1;
    for (let tries = 0; isOneServer && tries < TRIES; tries++) {
      const at = await snapshots(sessions, world);
      if (at.world !== undefined && at.isSame) return { how: 'one snapshot', sessions, world: at.world, close };
    }
    for (let tries = 0; tries < LOCKED_TRIES; tries++) {
      const reached = await behindLocks(urls, () => snapshots(sessions, world));
      if (reached?.world !== undefined) return { how: 'behind locks', sessions, world: reached.world, close };
    }
    throw new Error('The databases could not be cut at one instant: too much is being written. Try again at a quieter time, or stop the exchange first.');
  } catch (error) {
    await close();
    throw error;
  }
}

async function connect(url: string): Promise<Client> {
  const client = new HeardClient({ connectionString: url, application_name: 'pairwise-backup' });
  await client.connect();
  await client.query(SETTINGS);
  return client;
}

async function serverOf(session: Client): Promise<string> {
  const { rows } = await session.query<{ id: string }>('select system_identifier::text as id from pg_control_system()');
  return rows[0]?.id ?? '';
}

async function snapshots(sessions: ReadonlyMap<string, Client>, world: () => number): Promise<{ isSame: boolean; world: number | undefined }> {
  const before = world();
  const taken = await Promise.all(
    [...sessions.values()].map(async (session) => {
      await session.query('rollback');
      await session.query('begin isolation level repeatable read read only');
      return (await session.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot')).rows[0]?.snapshot;
    }),
  );
  return { isSame: new Set(taken).size === 1, world: world() === before ? before : undefined };
}

/** While every table of every database is locked against writers; undefined when they could not be locked in a moment. */
async function behindLocks<T>(urls: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T | undefined> {
  const lockers = await Promise.all(Object.values(urls).map(connect));
  try {
    for (const locker of lockers) {
      await locker.query('begin');
      await locker.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await lockTables(locker);
    }
    return await work();
  } catch (error) {
    if (isBusy(error)) return undefined;
    throw error;
  } finally {
    await Promise.all(lockers.map((locker) => locker.end()));
  }
}

/** A lock that was not to be had, or a deadlock with a writer: try again. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01');
}
