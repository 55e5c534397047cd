import type { Transaction } from './transaction';

/** One statement at a time, with parameters only as `$1`, `$2` …; answers the rows. */
export interface Statements {
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** SQL for `adapters/postgres`: outside a transaction on any connection of the pool, inside on the transaction's own. `int8` arrives as a safe number. */
export abstract class Sql implements Statements {
  abstract query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  abstract in(tx: Transaction): Statements;
}
