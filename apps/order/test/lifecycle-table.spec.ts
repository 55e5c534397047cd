import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '@libs/testing/test-database';
import { Database } from '@libs/postgres/database';
import { randomUUID } from 'node:crypto';
import { edges, statuses } from '../src/domain/lifecycle';
import { lifecyclePage } from '../src/domain/lifecycle-diagram';

it('draws the lifecycle as the table has it: run npm run docs:lifecycle', () => {
  expect(readFileSync(join(__dirname, '../../../docs/order-lifecycle.md'), 'utf8')).toBe(lifecyclePage());
});

describe('the database, as the second line', () => {
  let fresh: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    fresh = await testDatabase(join(__dirname, '../src/adapters/postgres/migrations'));
    database = await Database.open({ name: 'order', url: fresh.url, poolSize: 2 });
  }, 60_000);
  afterAll(async () => {
    await database.close();
    await fresh.close();
  });

  const insert = async (status = 'pending') => {
    const id = randomUUID();
    await database.sql.query(
      `insert into orders (id, match_id, market_id, product_id, size, bid_id, ask_id, buyer_id, seller_id, currency, price_minor, matched_at, bid_accepted_at, ask_accepted_at,
        payment_method_id, buyer_address_version_id, seller_address_version_id, status, created_at, updated_at, version)
       select $1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '9', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'USD', 1,
        now(), now(), now(), 'pm', 'a', 'b', $2, now(), now(), 1`,
      [id, status],
    );
    return id;
  };

  /** Whether an order of one status may be given another, when the trigger alone is asked. */
  const allows = async (from: string, to: string): Promise<boolean> => {
    const id = await insert();
    await database.sql.query('alter table orders disable trigger orders_edges');
    await database.sql.query(`update orders set status = $2, cancel_reason = case when $2 = 'cancelled' then 'admin' end where id = $1`, [id, from]);
    await database.sql.query('alter table orders enable trigger orders_edges');
    const moved = database.sql.query(`update orders set status = $2, cancel_reason = case when $2 = 'cancelled' then 'admin' end where id = $1`, [id, to]);
    return moved.then(() => true, () => false);
  };

  it('knows exactly the edges of the table', async () => {
    const rows = await database.sql.query<{ from_status: string; to_status: string }>('select from_status, to_status from order_edges');
    expect(rows.map((row) => `${row.from_status} ${row.to_status}`).sort()).toEqual(edges().map((edge) => edge.join(' ')).sort());
  });

  it('lets an order go along an edge, and nowhere else', async () => {
    const legal = new Set(edges().map((edge) => edge.join(' ')));
    for (const from of statuses) {
      for (const to of statuses.filter((other) => other !== from)) expect([from, to, await allows(from, to)]).toEqual([from, to, legal.has(`${from} ${to}`)]);
    }
  });

  it('lets no order begin anywhere but at pending', async () => {
    await expect(insert('confirmed')).rejects.toThrow('an order begins pending');
  });

  it('keeps what has happened', async () => {
    const id = await insert();
    await database.sql.query(
      `insert into order_events (order_id, version, event, from_status, to_status, actor, reason, at, trace_id, previous_hash, hash)
       values ($1, 1, 'match_created', '', 'pending', 'system', '', now(), '', '', 'h')`,
      [id],
    );
    await expect(database.sql.query('update order_events set reason = $2 where order_id = $1', [id, 'x'])).rejects.toThrow('append-only');
    await expect(database.sql.query('delete from order_events where order_id = $1', [id])).rejects.toThrow('append-only');
  });
});
