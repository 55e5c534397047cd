import type { Statements } from '@libs/postgres/sql';

/** Advisory locks of this database, held until the end of the transaction. */
const CLASS = 7_061;
const PROJECTION = 1;
const WRITER = 2;
const PRODUCTS = 7_062;
const USERS = 7_063;

/** The tables that a new fact of a trade goes to: a rebuild cannot begin or end until this transaction is over. `note_ask` does the same for asks. */
export async function projectionsOf(statements: Statements): Promise<readonly string[]> {
  await statements.query('select pg_advisory_xact_lock_shared($1, $2)', [CLASS, PROJECTION]);
  // A statement of its own: one that waited for the lock would see what was before the wait.
  const [row] = await statements.query<{ gathering: boolean }>(`select exists (select from rebuilds where state = 'gathering') as gathering`);
  return row?.gathering ? ['trades', 'trades_next'] : ['trades'];
}

/** No fact is being written from here on. */
export async function stopFacts(statements: Statements): Promise<void> {
  await statements.query('select pg_advisory_xact_lock($1, $2)', [CLASS, PROJECTION]);
}

/** One writer of the remote history at a time; answers whether it is this one. */
export async function tryToWrite(statements: Statements): Promise<boolean> {
  const [row] = await statements.query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1, $2) as mine', [CLASS, WRITER]);
  return row?.mine ?? false;
}

export async function stopWriter(statements: Statements): Promise<void> {
  await statements.query('select pg_advisory_xact_lock($1, $2)', [CLASS, WRITER]);
}

/** A sale that is written while its product is learned must not miss the brand. */
export async function lockProduct(statements: Statements, uuid: string): Promise<void> {
  await statements.query('select pg_advisory_xact_lock($1, hashtext($2))', [PRODUCTS, uuid]);
}

/** Sales do not wait for each other. */
export async function shareProduct(statements: Statements, uuid: string): Promise<void> {
  await statements.query('select pg_advisory_xact_lock_shared($1, hashtext($2))', [PRODUCTS, uuid]);
}

/** What a user keeps is counted before it grows. */
export async function lockUser(statements: Statements, uuid: string): Promise<void> {
  await statements.query('select pg_advisory_xact_lock($1, hashtext($2))', [USERS, uuid]);
}
