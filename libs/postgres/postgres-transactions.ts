import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import { AppError } from '@libs/kernel/app-error';
import { invariant } from '@libs/kernel/invariant';
import { meaningOf, OpenTransaction, type Database } from './database';
import type { Statements } from './sql';
import { Transactions, type Transaction } from './transaction';
import { sqlState, worthAnotherTry } from './internal/failures';
import { pause } from './internal/pause';

/** What takes part in every transaction of a service. */
export interface TransactionHook {
  /** After the work and before COMMIT: what it writes is committed with the work. */
  beforeCommit(tx: Transaction, statements: Statements): Promise<void>;
  /** The commit is known to have happened. */
  afterCommit(tx: Transaction): void;
}

const TRIES = 5;
const FIRST_PAUSE_MS = 10;

export class PostgresTransactions extends Transactions {
  private readonly current = new AsyncLocalStorage<OpenTransaction>();
  private readonly told = new WeakMap<Transaction, (() => void)[]>();

  constructor(
    private readonly database: Database,
    private readonly hooks: readonly TransactionHook[] = [],
  ) {
    super();
  }

  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    invariant(!this.current.getStore()?.isOpen, 'a transaction is open already: hand its tx on instead of starting another');
    for (let tries = 1; ; tries++) {
      try {
        return await this.once(work);
      } catch (error) {
        if (!worthAnotherTry(error)) throw error;
        if (tries === TRIES) throw new AppError('unavailable', 'postgres.contended', 'Too many others are changing the same thing: try again.');
        await pause(randomInt(FIRST_PAUSE_MS * 2 ** tries) + 1);
      }
    }
  }

  afterCommit(tx: Transaction, tell: () => void): void {
    this.told.set(tx, [...(this.told.get(tx) ?? []), tell]);
  }

  private async once<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const runner = await this.database.begin();
    const tx = new OpenTransaction(runner);
    try {
      const result = await this.current.run(tx, () => this.upToCommit(tx, work));
      tx.isOpen = false;
      await commit(runner);
      this.hooks.forEach((hook) => hook.afterCommit(tx));
      this.tell(tx);
      return result;
    } catch (error) {
      tx.isOpen = false;
      if (error instanceof AppError && error.code === 'postgres.commit_unknown') this.tell(tx);
      await rollback(runner);
      throw error;
    } finally {
      await runner.release();
    }
  }

  private tell(tx: Transaction): void {
    for (const tell of this.told.get(tx) ?? []) tell();
  }

  private async upToCommit<T>(tx: OpenTransaction, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const result = await work(tx);
    for (const hook of this.hooks) if (!tx.spoiledBy) await hook.beforeCommit(tx, tx);
    if (tx.spoiledBy) throw tx.spoiledBy;
    return result;
  }
}

/** Without the server's own word the fate of the transaction is unknown: the caller asks again with the same key. */
async function commit(runner: QueryRunner): Promise<void> {
  try {
    await runner.commitTransaction();
  } catch (error) {
    const meaning = meaningOf(error);
    const refused = sqlState(meaning) !== undefined;
    if (refused) throw meaning;
    throw new AppError('unavailable', 'postgres.commit_unknown', 'It is not known whether this was saved: ask again with the same key.');
  }
}

async function rollback(runner: QueryRunner): Promise<void> {
  if (!runner.isTransactionActive || runner.isReleased) return;
  try {
    await runner.rollbackTransaction();
  } catch {
    // The connection is gone, and the server has rolled back by itself.
  }
}
