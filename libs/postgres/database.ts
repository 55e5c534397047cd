import { randomUUID } from 'node:crypto';
import { DataSource, QueryFailedError } from 'typeorm';
import { type Pool, types } from 'pg';
import { AppError } from '@libs/kernel/app-error';
import { invariant } from '@libs/kernel/invariant';
import { Sql, type Statements } from './sql';
import type { Transaction } from './transaction';
import { HeardClient } from './heard-client';
import { Connection, isOutdated, type Statement } from './internal/connection';
import { isLate, lost, sqlState } from './internal/failures';

export interface DatabaseLog {
  warn(fields: Record<string, unknown>, message: string): void;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  /** Shown in `pg_stat_activity`, followed by what no other process has. */
  readonly name: string;
  readonly log?: DatabaseLog;
  /** How long one may wait for a connection of the pool: default 2,000. */
  readonly acquireTimeoutMs?: number;
  /** How long one statement may run: default 10,000. */
  readonly statementTimeoutMs?: number;
}

/** A process that starts is busy with itself, and may find its first session late; one that is refused is not waited for. */
const OPEN_MS_MAX = 30_000;
const LOCK_TIMEOUT_MS = 2_000;
const INT8 = 20;
const INT8_ARRAY = 1016;

const BEGIN: Statement = { text: 'BEGIN', values: [] };
const COMMIT: Statement = { text: 'COMMIT', values: [] };
const ROLLBACK: Statement = { text: 'ROLLBACK', values: [] };

/** A transaction on a connection of the pool. It begins with its first statement. */
export class OpenTransaction implements Transaction, Statements {
  readonly id = Symbol('transaction');
  private isOpen = true;
  private hasBegun = false;
  /** Why COMMIT would silently roll back. */
  private spoiledBy: unknown;

  constructor(private readonly connection: Connection) {}

  /** Those that are called before the answer to an earlier one run in the order of the calls. */
  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    invariant(this.isOpen, 'this transaction has ended');
    try {
      const { rows } = await this.connection.send(...this.beginning(), { text, values });
      if (/^\s*rollback to /i.test(text)) this.spoiledBy = undefined;
      return rows as Row[]; // The caller's statement says which columns there are.
    } catch (error) {
      this.spoiledBy ??= meaningOf(error);
      throw meaningOf(error);
    }
  }

  get isRunning(): boolean {
    return this.isOpen;
  }

  /** With the last statements in the same breath: without the server's own word the fate of the transaction is unknown, and the caller asks again with the same key. */
  async commit(last: readonly Statement[]): Promise<void> {
    if (this.spoiledBy) throw this.spoiledBy;
    this.isOpen = false;
    if (!this.hasBegun && last.length === 0) return;
    const { command } = await this.committed(last);
    this.hasBegun = false;
    invariant(command === 'COMMIT', `a transaction ended by ${command}`);
  }

  async rollback(): Promise<void> {
    this.isOpen = false;
    if (!this.hasBegun) return;
    try {
      await this.connection.send(ROLLBACK);
    } catch {
      // The connection is gone, and the server has rolled back by itself.
    }
  }

  private async committed(last: readonly Statement[]): Promise<{ command: string | null }> {
    try {
      return await this.connection.send(...this.beginning(), ...last, COMMIT);
    } catch (error) {
      const meaning = meaningOf(error);
      if (sqlState(meaning) !== undefined) throw meaning;
      throw new AppError('unavailable', 'postgres.commit_unknown', 'It is not known whether this was saved: ask again with the same key.');
    }
  }

  private beginning(): Statement[] {
    const isFirst = !this.hasBegun;
    this.hasBegun = true;
    return isFirst ? [BEGIN] : [];
  }
}

/** What a driver's failure means to callers: `unavailable` when the database was not reached, else the database's own error. */
export function meaningOf(error: unknown): unknown {
  const cause = error instanceof QueryFailedError ? error.driverError : error;
  if (cause instanceof AppError) return cause;
  if (lost(cause)) return new AppError('unavailable', 'postgres.unavailable', 'The database cannot be reached at the moment.', { cause: String((cause as Error).message) });
  if (sqlState(cause) === '57014') return new AppError('unavailable', 'postgres.too_slow', 'The database took too long to answer.');
  return cause;
}

function safeInteger(text: string): number {
  const value = Number(text);
  invariant(Number.isSafeInteger(value), `an int8 beyond what a number holds: ${text}`);
  return value;
}

const parsers: { getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown } = {
  getTypeParser(oid, format) {
    if (format !== 'binary' && oid === INT8) return safeInteger;
    const parse = types.getTypeParser(oid, format);
    if (format !== 'binary' && oid === INT8_ARRAY) return (text) => (parse(text) as (string | null)[]).map((item) => (item === null ? null : safeInteger(item)));
    return parse;
  },
};

/** Each of them finds a connection that has not prepared the statement yet, or makes one. */
const OUTDATED_TRIES = 20;

async function connectionOf(source: DataSource): Promise<Connection> {
  try {
    return await Connection.of(source);
  } catch (error) {
    throw meaningOf(error);
  }
}

class PooledSql extends Sql {
  constructor(private readonly source: DataSource) {
    super();
  }

  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    for (let tries = 1; ; tries++) {
      const connection = await connectionOf(this.source);
      try {
        return (await connection.send({ text, values })).rows as Row[]; // The caller's statement says which columns there are.
      } catch (error) {
        if (!isOutdated(error) || tries === OUTDATED_TRIES) throw meaningOf(error);
      } finally {
        connection.release();
      }
    }
  }

  in(tx: Transaction): Statements {
    invariant(tx instanceof OpenTransaction, 'not a transaction of this database');
    return tx;
  }
}

function sourceOf(options: DatabaseOptions, end: { readonly isNear: boolean }): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.url,
    poolSize: options.poolSize,
    applicationName: `pairwise-${options.name}-${randomUUID()}`,
    connectTimeoutMS: options.acquireTimeoutMs ?? 2_000,
    installExtensions: false,
    logging: false,
    // A connection that dies while it is idle tells the pool; without a listener that would end the process.
    // The pool answers that it is closed before its connections are: a server that stops right after it ends them, and nothing is lost.
    poolErrorHandler: (error: Error) => void (end.isNear || options.log?.warn({ database: options.name, error: error.message }, 'an idle database connection was lost')),
    extra: {
      Client: HeardClient,
      pipeline: true,
      types: parsers,
      keepAlive: true,
      lock_timeout: LOCK_TIMEOUT_MS,
      statement_timeout: options.statementTimeoutMs ?? 10_000,
      idle_in_transaction_session_timeout: 30_000,
    },
  });
}

/** The connections of one service to its own database. */
export class Database {
  readonly sql: Sql;

  private constructor(
    readonly source: DataSource,
    private readonly end: { isNear: boolean },
  ) {
    this.sql = new PooledSql(source);
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    const end = { isNear: false };
    for (const limit = performance.now() + OPEN_MS_MAX; ; ) {
      try {
        return new Database(await sourceOf(options, end).initialize(), end);
      } catch (error) {
        if (!isLate(error) || performance.now() > limit) throw meaningOf(error);
      }
    }
  }

  /** For a transaction, which gives it back. */
  connect(): Promise<Connection> {
    return connectionOf(this.source);
  }

  /** How its connections are used at this moment. */
  pool(): { readonly used: number; readonly idle: number; readonly waiting: number } {
    // TypeORM hides the pool of `pg`, which is what its driver for PostgreSQL holds.
    const { totalCount, idleCount, waitingCount } = (this.source.driver as unknown as { master: Pool }).master;
    return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  /** The settings of this server with which an acknowledged commit could be lost. */
  async problems(): Promise<string[]> {
    const wanted: Record<string, string> = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };
    const settings = await this.sql.query<{ name: string; setting: string }>(`select name, setting from pg_settings where name = any ($1)`, [Object.keys(wanted)]);
    return settings
      .filter(({ name, setting }) => setting !== wanted[name] && !(name === 'synchronous_commit' && setting.startsWith('remote_')))
      .map(({ name, setting }) => `${name} = ${setting}`);
  }

  async close(): Promise<void> {
    this.end.isNear = true;
    await this.source.destroy();
  }
}
