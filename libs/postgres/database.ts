import { DataSource, QueryFailedError, type QueryRunner } from 'typeorm';
import { types } from 'pg';
import { AppError } from '@libs/kernel/app-error';
import { invariant } from '@libs/kernel/invariant';
import { Sql, type Statements } from './sql';
import type { Transaction } from './transaction';
import { lost, sqlState } from './internal/failures';

export interface DatabaseLog {
  warn(fields: Record<string, unknown>, message: string): void;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  readonly log?: DatabaseLog;
  /** How long one may wait for a connection of the pool: default 2,000. */
  readonly acquireTimeoutMs?: number;
  /** How long one statement may run: default 10,000. */
  readonly statementTimeoutMs?: number;
}

const LOCK_TIMEOUT_MS = 2_000;
const INT8 = 20;
const INT8_ARRAY = 1016;

/** A connection of the pool that is inside a transaction. */
export class OpenTransaction implements Transaction, Statements {
  readonly id = Symbol('transaction');
  isOpen = true;
  /** Why COMMIT would silently roll back. */
  spoiledBy: unknown;

  constructor(private readonly runner: QueryRunner) {}

  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    invariant(this.isOpen, 'this transaction has ended');
    try {
      const rows = await rowsOf<Row>(this.runner, text, values);
      if (/^\s*rollback to /i.test(text)) this.spoiledBy = undefined;
      return rows;
    } catch (error) {
      this.spoiledBy ??= error;
      throw error;
    }
  }
}

async function rowsOf<Row>(runner: QueryRunner, text: string, values: readonly unknown[]): Promise<Row[]> {
  try {
    const result = await runner.query(text, [...values], true);
    return result.records as Row[]; // The caller's statement says which columns there are.
  } catch (error) {
    throw meaningOf(error);
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

class PooledSql extends Sql {
  constructor(private readonly source: DataSource) {
    super();
  }

  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const runner = this.source.createQueryRunner();
    try {
      return await rowsOf<Row>(runner, text, values);
    } finally {
      await runner.release();
    }
  }

  in(tx: Transaction): Statements {
    invariant(tx instanceof OpenTransaction, 'not a transaction of this database');
    return tx;
  }
}

/** The connections of one service to its own database. */
export class Database {
  readonly sql: Sql;

  private constructor(readonly source: DataSource) {
    this.sql = new PooledSql(source);
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    const source = new DataSource({
      type: 'postgres',
      url: options.url,
      poolSize: options.poolSize,
      applicationName: `pairwise-${options.name}`,
      connectTimeoutMS: options.acquireTimeoutMs ?? 2_000,
      installExtensions: false,
      logging: false,
      // A connection that dies while it is idle tells the pool; without a listener that would end the process.
      poolErrorHandler: (error: Error) => options.log?.warn({ database: options.name, error: error.message }, 'an idle database connection was lost'),
      extra: {
        types: parsers,
        keepAlive: true,
        lock_timeout: LOCK_TIMEOUT_MS,
        statement_timeout: options.statementTimeoutMs ?? 10_000,
        idle_in_transaction_session_timeout: 30_000,
      },
    });
    try {
      return new Database(await source.initialize());
    } catch (error) {
      throw meaningOf(error);
    }
  }

  /** A connection on which a transaction has begun. */
  async begin(): Promise<QueryRunner> {
    const runner = this.source.createQueryRunner();
    try {
      await runner.startTransaction();
      return runner;
    } catch (error) {
      await runner.release();
      throw meaningOf(error);
    }
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
    await this.source.destroy();
  }
}
