import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import { AppError } from '@libs/kernel/app-error';
import { invariant } from '@libs/kernel/invariant';
import { OpenTransaction, type Database } from './database';
import { Transactions, type Transaction } from './transaction';
import { isOutdated, type Statement } from './internal/connection';
import { worthAnotherTry } from './internal/failures';
import { pause } from './internal/pause';

/** A statement that goes out together with COMMIT. */
export type ClosingStatement = Statement;

/** What takes part in every transaction of a service. */
export interface TransactionHook {
  /** After the work: what is to be written just before COMMIT, and committed with the work. */
  closing(tx: Transaction): ClosingStatement | undefined;
  /** The commit is known to have happened. */
  afterCommit(tx: Transaction): void;
}

const TRIES = 5;
const FIRST_PAUSE_MS = 10;

interface Surrounding {
  readonly owner: PostgresTransactions;
  readonly tx: OpenTransaction;
  readonly outer: Surrounding | undefined;
}

/** One for all services of the process: on Node 20 each storage costs every promise of the process something. */
const surroundings = new AsyncLocalStorage<Surrounding>();

export class PostgresTransactions extends Transactions {
  private readonly told = new WeakMap<Transaction, (() => void)[]>();

  constructor(
    private readonly database: Database,
    private readonly hooks: readonly TransactionHook[] = [],
  ) {
    super();
  }

  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    invariant(!this.isInside(surroundings.getStore()), 'a transaction is open already: hand its tx on instead of starting another');
    for (let tries = 1; ; tries++) {
      try {
        return await this.once(work);
      } catch (error) {
        if (!worthAnotherTry(error) && !isOutdated(error)) throw error;
        if (tries === TRIES) throw new AppError('unavailable', 'postgres.contended', 'Too many others are changing the same thing: try again.');
        await pause(randomInt(FIRST_PAUSE_MS * 2 ** tries) + 1);
      }
    }
  }

  afterCommit(tx: Transaction, tell: () => void): void {
    this.told.set(tx, [...(this.told.get(tx) ?? []), tell]);
  }

  private async once<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const connection = await this.database.connect();
    const tx = new OpenTransaction(connection);
    try {
      const result = await surroundings.run({ owner: this, tx, outer: surroundings.getStore() }, () => work(tx));
      await tx.commit(this.hooks.flatMap((hook) => hook.closing(tx) ?? []));
      this.hooks.forEach((hook) => hook.afterCommit(tx));
      this.tell(tx);
      return result;
    } catch (error) {
      if (error instanceof AppError && error.code === 'postgres.commit_unknown') this.tell(tx);
      await tx.rollback();
      throw error;
    } finally {
      connection.release();
    }
  }

  private isInside(surrounding: Surrounding | undefined): boolean {
    for (let at = surrounding; at; at = at.outer) if (at.owner === this && at.tx.isRunning) return true;
    return false;
  }

  private tell(tx: Transaction): void {
    for (const tell of this.told.get(tx) ?? []) tell();
  }
}
