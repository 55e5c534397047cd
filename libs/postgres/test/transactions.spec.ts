import { Database } from '@libs/postgres/database';
import { type ClosingStatement, PostgresTransactions, type TransactionHook } from '@libs/postgres/postgres-transactions';
import type { Transaction } from '@libs/postgres/transaction';
import { violates } from '@libs/postgres/violations';
import { testDatabase, type TestDatabase } from '@libs/testing/test-database';
import { CuttingProxy } from './cutting-proxy';

class Counting implements TransactionHook {
  before = 0;
  after = 0;

  closing(): ClosingStatement {
    this.before += 1;
    return { text: 'insert into notes (name) values ($1)', values: ['hook'] };
  }

  afterCommit(): void {
    this.after += 1;
  }
}

describe('a transaction', () => {
  let test: TestDatabase;
  let proxy: CuttingProxy;
  let database: Database;
  let transactions: PostgresTransactions;

  beforeAll(async () => {
    test = await testDatabase();
    proxy = await CuttingProxy.before(test.url);
    database = await Database.open({ url: proxy.url, poolSize: 4, name: 'test', acquireTimeoutMs: 20_000 });
    transactions = new PostgresTransactions(database);
    await database.sql.query('create table notes (name text, constraint notes_once exclude (name with =) where (name <> $$hook$$))');
    await database.sql.query('create table accounts (id int primary key, amount int)');
    await database.sql.query('insert into accounts values (1, 0), (2, 0)');
  });
  afterAll(async () => {
    await database.close();
    await proxy.close();
    await test.close();
  });
  beforeEach(() => database.sql.query('delete from notes'));

  const notes = async () => (await database.sql.query<{ name: string }>('select name from notes order by name')).map(({ name }) => name);
  const note = (tx: Transaction, name: string) => database.sql.in(tx).query('insert into notes (name) values ($1)', [name]);

  it('keeps all of its work, or nothing when the work fails', async () => {
    await transactions.run((tx) => note(tx, 'kept'));
    const undone = transactions.run(async (tx) => {
      await note(tx, 'undone');
      throw new Error('changed our mind');
    });
    await expect(undone).rejects.toThrow('changed our mind');
    expect(await notes()).toEqual(['kept']);
  });

  it('runs again after a deadlock, and both sides finish', async () => {
    let runs = 0;
    let arrived = 0;
    let bothArrived = () => {};
    const both = new Promise<void>((resolve) => (bothArrived = resolve));
    const transfer = (from: number, to: number) =>
      transactions.run(async (tx) => {
        runs += 1;
        await database.sql.in(tx).query('update accounts set amount = amount - 1 where id = $1', [from]);
        if (++arrived === 2) bothArrived();
        await both;
        await database.sql.in(tx).query('update accounts set amount = amount + 1 where id = $1', [to]);
      });
    await Promise.all([transfer(1, 2), transfer(2, 1)]);
    expect(runs).toBe(3);
    expect(await database.sql.query('select amount from accounts')).toEqual([{ amount: 0 }, { amount: 0 }]);
  });

  it('runs again after a serialization failure, five times at most', async () => {
    let runs = 0;
    const failing = transactions.run(async (tx) => {
      runs += 1;
      await database.sql.in(tx).query(`do $$ begin raise exception 'not now' using errcode = '40001'; end $$`);
    });
    await expect(failing).rejects.toMatchObject({ kind: 'unavailable', code: 'postgres.contended' });
    expect(runs).toBe(5);
  });

  it('waits two seconds for a lock at most', async () => {
    const [row] = await transactions.run((tx) => database.sql.in(tx).query<{ lock_timeout: string }>('show lock_timeout'));
    expect(row?.lock_timeout).toBe('2s');
  });

  it('does not pretend to have kept what a failed statement has spoiled', async () => {
    const caught = transactions.run(async (tx) => {
      await note(tx, 'once');
      await note(tx, 'once').catch(() => undefined);
      return 'fine';
    });
    const failure: unknown = await caught.catch((error: unknown) => error);
    expect(violates(failure, 'notes_once')).toBe(true);
    expect(await notes()).toEqual([]);
  });

  it('keeps what came before a savepoint that was rolled back to', async () => {
    await transactions.run(async (tx) => {
      await note(tx, 'once');
      await database.sql.in(tx).query('savepoint again');
      await note(tx, 'once').catch(() => database.sql.in(tx).query('rollback to savepoint again'));
    });
    expect(await notes()).toEqual(['once']);
  });

  it('is refused inside another, and after its end', async () => {
    let ended: Transaction | undefined;
    await expect(transactions.run(() => transactions.run(async () => undefined))).rejects.toThrow('a transaction is open already');
    await transactions.run(async (tx) => (ended = tx));
    await expect(note(ended as unknown as Transaction, 'late')).rejects.toThrow('has ended');
  });

  it('lets its hooks write before COMMIT, and tells them only of a commit that happened', async () => {
    const hook = new Counting();
    const hooked = new PostgresTransactions(database, [hook]);
    await hooked.run((tx) => note(tx, 'one'));
    await expect(hooked.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    proxy.cutAtCommit = 'before';
    await expect(hooked.run((tx) => note(tx, 'two'))).rejects.toThrow();
    expect(hook).toMatchObject({ before: 2, after: 1 });
    expect(await notes()).toEqual(['hook', 'one']);
  });

  it.each([
    ['before', []],
    ['after', ['unknown']],
  ] as const)('says that its fate is unknown when the link breaks %s COMMIT arrives', async (moment, kept) => {
    proxy.cutAtCommit = moment;
    await expect(transactions.run((tx) => note(tx, 'unknown'))).rejects.toMatchObject({ kind: 'unavailable', code: 'postgres.commit_unknown', retryable: true });
    expect(await notes()).toEqual(kept);
  });

  it('tells what comes after its commit once it is there, also when that is not known, and never of what is rolled back', async () => {
    const told: string[] = [];
    const noted = (name: string, then: () => Promise<unknown> = async () => undefined) => transactions.run(async (tx) => {
      transactions.afterCommit(tx, () => told.push(name));
      await note(tx, name);
      expect(told).not.toContain(name);
      await then();
    });
    await noted('kept');
    await expect(noted('undone', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    proxy.cutAtCommit = 'after';
    await expect(noted('unknown')).rejects.toMatchObject({ code: 'postgres.commit_unknown' });
    expect(told).toEqual(['kept', 'unknown']);
  });

  it('says that the database is unavailable when the link breaks in its midst, and works again afterwards', async () => {
    const broken = transactions.run(async (tx) => {
      await note(tx, 'lost');
      proxy.cutAll();
      await note(tx, 'never');
    });
    await expect(broken).rejects.toMatchObject({ kind: 'unavailable', code: 'postgres.unavailable' });
    expect(await notes()).toEqual([]);
  });

  it('refuses a deferred rule at COMMIT with the reason', async () => {
    await database.sql.query('create table pairs (id int primary key, other int references pairs deferrable initially deferred)');
    await expect(transactions.run((tx) => database.sql.in(tx).query('insert into pairs values (1, 2)'))).rejects.toMatchObject({ code: '23503' });
  });

  it('fails fast when every connection is taken, and others go on', async () => {
    // Its one connection is there already, so that only whoever finds none waits.
    const small = await Database.open({ url: test.url, poolSize: 1, name: 'small', acquireTimeoutMs: 100 });
    const crowded = new PostgresTransactions(small);
    const noted = (name: string) => crowded.run((tx) => small.sql.in(tx).query('insert into notes (name) values ($1)', [name]));
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const holder = crowded.run(() => held);
    await expect(noted('no room')).rejects.toMatchObject({ kind: 'unavailable', code: 'postgres.unavailable' });
    release();
    await holder;
    await noted('room');
    expect(await notes()).toEqual(['room']);
    await small.close();
  });
});

describe('the connections of a service', () => {
  it('outlive a server that ends them while they are idle', async () => {
    const test = await testDatabase();
    const warnings: string[] = [];
    const database = await Database.open({ url: test.url, poolSize: 2, name: 'idle', log: { warn: (_fields, message) => void warnings.push(message) } });
    await database.sql.query('select 1');
    await database.sql.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
    expect(await database.sql.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
    await test.close();
  });

  it('outlive a server that lets them in and goes away in the same breath', async () => {
    const test = await testDatabase();
    const proxy = await CuttingProxy.before(test.url);
    const database = await Database.open({ url: proxy.url, poolSize: 3, name: 'in-a-breath' });
    proxy.endsNewSessions = true;
    const asked = await Promise.allSettled([1, 2, 3].map(() => database.sql.query('select pg_sleep(0.1)')));
    expect(asked.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))).toEqual(['postgres.unavailable', 'postgres.unavailable']); // The third had one that was there.
    proxy.endsNewSessions = false;
    expect(await database.sql.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
    await proxy.close();
    await test.close();
  });

  it('are waited for at the start, when a process that is busy with itself finds the first of them late', async () => {
    const test = await testDatabase();
    const proxy = await CuttingProxy.before(test.url);
    const { url } = proxy;
    proxy.leavesWaiting = 3;
    const database = await Database.open({ url, poolSize: 1, name: 'late', acquireTimeoutMs: 200 });
    expect(proxy.leavesWaiting).toBe(0);
    expect(await database.sql.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
    await proxy.close();
    await test.close();
    await expect(Database.open({ url, poolSize: 1, name: 'nobody' })).rejects.toMatchObject({ code: 'postgres.unavailable' }); // Told at once.
  });

  it('bring int8 as a number, and fail on one that a number cannot hold', async () => {
    const test = await testDatabase();
    const database = await Database.open({ url: test.url, poolSize: 1, name: 'int8' });
    expect(await database.sql.query('select 9007199254740991 as most, count(*) as n, array[1, null]::int8[] as list, 1.5::numeric as exact')).toEqual([
      { most: 9007199254740991, n: 1, list: [1, null], exact: '1.5' },
    ]);
    await expect(database.sql.query('select 9007199254740992 as more')).rejects.toThrow('beyond what a number holds');
    expect(await database.sql.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
    await test.close();
  });

  it('stop a statement that takes too long', async () => {
    const test = await testDatabase();
    const database = await Database.open({ url: test.url, poolSize: 1, name: 'slow', statementTimeoutMs: 1_000 });
    await expect(database.sql.query('select pg_sleep(20)')).rejects.toMatchObject({ kind: 'unavailable', code: 'postgres.too_slow' });
    await database.close();
    await test.close();
  });

  it('name the settings with which an acknowledged commit could be lost', async () => {
    const test = await testDatabase();
    const database = await Database.open({ url: test.url, poolSize: 1, name: 'settings' });
    expect(await database.problems()).toEqual(expect.arrayContaining(['fsync = off', 'full_page_writes = off']));
    await database.close();
    await test.close();
  });
});
