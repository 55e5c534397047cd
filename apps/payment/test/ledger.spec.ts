import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '@libs/testing/test-database';

const APPEND_ONLY = '55000';
const CHECK = '23514';

describe('The ledger defends itself, whoever writes to it', () => {
  let database: TestDatabase;
  let client: Client;
  let posted: string;
  beforeAll(async () => {
    database = await testDatabase(join(__dirname, '../src/adapters/postgres/migrations'));
    client = new Client({ connectionString: database.url });
    await client.connect();
    for (const [code, normal, free] of [['stripe_balance', 'D', true], ['held', 'C', false], ['seller_payable', 'C', false]]) {
      await client.query('insert into ledger.account (code, currency, normal, may_go_negative) values ($1, $2, $3, $4)', [code, 'USD', normal, free]);
    }
    posted = await post([['stripe_balance', 500], ['held', -500]]);
  }, 60_000);
  afterAll(async () => {
    await client?.end();
    await database?.close();
  });

  /** A whole transaction, or the refusal's SQL state. */
  async function post(lines: [string, number][], currency = 'USD'): Promise<string> {
    const id = randomUUID();
    await client.query('begin');
    try {
      await client.query(`insert into ledger.txn (id, kind, idem_key, payload_hash, effective_at) values ($1::uuid, 'test', $1::uuid::text, 'x', now())`, [id]);
      for (const [line, [code, amount]] of lines.entries()) {
        await client.query('insert into ledger.entry select $1::uuid, $2::int, id, $4::text, $5::bigint from ledger.account where code = $3', [id, line, code, currency, amount]);
      }
      await client.query('commit');
      return id;
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  }

  const balances = async () => (await client.query('select a.code, b.balance from ledger.balance b join ledger.account a on a.id = b.account_id order by 1')).rows;

  it.each([
    ['a line that is changed', 'update ledger.entry set amount = amount + 1'],
    ['a line that is taken out', 'delete from ledger.entry'],
    ['a transaction that is changed', `update ledger.txn set kind = 'other'`],
    ['a transaction that is taken out', 'delete from ledger.txn'],
    ['all lines emptied', 'truncate ledger.entry cascade'],
    ['all transactions emptied', 'truncate ledger.txn cascade'],
    ['all accounts emptied', 'truncate ledger.account cascade'],
    ['an account that may suddenly go negative', `update ledger.account set may_go_negative = true`],
    ['a balance set by hand', 'update ledger.balance set balance = 0'],
    ['a balance removed by hand', 'delete from ledger.balance'],
    ['a line changed by a replica', `set local session_replication_role = replica; update ledger.entry set amount = 1`],
  ])('refuses %s', async (_what, text) => {
    const before = await balances();
    await client.query('begin');
    await expect(client.query(text)).rejects.toMatchObject({ code: APPEND_ONLY });
    await client.query('rollback');
    expect(await balances()).toEqual(before);
  });

  it('refuses a line that comes later than its transaction', async () => {
    const text = `insert into ledger.entry select $1::uuid, 9, id, 'USD', 7 from ledger.account where code = 'held'`;
    await expect(client.query(text, [posted])).rejects.toMatchObject({ code: APPEND_ONLY });
  });

  it.each<[string, [string, number][], string]>([
    ['a transaction that does not balance', [['stripe_balance', 100], ['held', -99]], 'USD'],
    ['a transaction of one line', [['stripe_balance', 100]], 'USD'],
    ['a transaction of none', [], 'USD'],
    ['a line of nothing', [['stripe_balance', 0], ['held', 0]], 'USD'],
    ['more released than is held', [['held', 501], ['seller_payable', -501]], 'USD'],
    ['a currency that is not the account\'s', [['stripe_balance', 100], ['held', -100]], 'EUR'],
  ])('refuses %s', async (_what, lines, currency) => {
    const before = await balances();
    await expect(post(lines, currency)).rejects.toMatchObject({ code: CHECK });
    expect(await balances()).toEqual(before);
  });

  it('takes the same event once, and each line of the provider once', async () => {
    const add = `insert into ledger.txn (id, kind, idem_key, external_ref, payload_hash, effective_at) values ($1, 'test', $2, $3, 'x', now())`;
    await expect(client.query(add, [randomUUID(), posted, null])).rejects.toMatchObject({ code: '23505' });
  });

  it('takes what balances', async () => {
    await post([['held', 200], ['seller_payable', -200]]);
    expect(await balances()).toEqual([{ code: 'held', balance: '-300' }, { code: 'seller_payable', balance: '-200' }, { code: 'stripe_balance', balance: '500' }]);
  });
});
