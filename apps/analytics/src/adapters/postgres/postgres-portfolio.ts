import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import type { Money } from '@libs/kernel/money';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type ImportAnswer, type NewItem, Portfolio, type PortfolioItem, type Source } from '../../application/collections';
import { lockUser } from './locks';

interface Row {
  readonly id: string;
  readonly market_id: string;
  readonly product_id: string;
  readonly size: string;
  readonly currency: string;
  readonly cost: number;
  readonly acquired_at: Date;
  readonly source: Source;
  readonly order_id: string | null;
  readonly note: string;
  readonly sold_at: Date | null;
  readonly proceeds: number | null;
  readonly sold_order_id: string | null;
}

const ITEM = `select i.*, m.product_id, m.size from portfolio_items i join markets m on m.id = i.market_id`;
const ADD = `insert into portfolio_items (id, user_id, market_id, currency, cost, acquired_at, source, order_id, note, sold_at, proceeds, carried_id)
  select g.id, $1, g.market_id, g.currency, g.cost, g.acquired_at, g.source, g.order_id, g.note, g.sold_at, g.proceeds, g.carried_id
    from unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[], $8::uuid[], $9::text[], $10::timestamptz[], $11::bigint[], $12::uuid[])
      g (id, market_id, currency, cost, acquired_at, source, order_id, note, sold_at, proceeds, carried_id)
      on conflict (order_id) do nothing`;
/** The purchase that is being sold on is not the pair that is sold: an order fills and empties different portfolios. */
const SELL = `update portfolio_items set sold_at = $3, proceeds = $4, sold_order_id = $5
  where id = (select id from portfolio_items where user_id = $1 and market_id = $2 and sold_at is null and acquired_at <= $3 order by acquired_at, id limit 1 for update)
    and not exists (select from portfolio_items where sold_order_id = $5)`;

const AMONG = `select own.id from portfolio_items i cross join lateral (values (i.id), (i.carried_id)) own (id) where i.user_id = $1 and own.id = any($2::uuid[])`;
const CHANGE = 'update portfolio_items set cost = $2, acquired_at = $3, note = $4, sold_at = $5, proceeds = $6 where id = $1';

@Injectable()
export class PostgresPortfolio extends Portfolio {
  constructor(private readonly sql: Sql) {
    super();
  }

  async page(userId: string, limit: number, before: string | undefined): Promise<PortfolioItem[]> {
    const rows = await this.sql.query<Row>(`${ITEM} where i.user_id = $1 and ($2::uuid is null or i.id < $2) order by i.id desc limit $3`, [uuidOfOwn('usr', userId), before ? uuidOfOwn('pfi', before) : null, limit]);
    return rows.map(itemOf);
  }

  async all(userId: string): Promise<PortfolioItem[]> {
    return (await this.sql.query<Row>(`${ITEM} where i.user_id = $1 order by i.id`, [uuidOfOwn('usr', userId)])).map(itemOf);
  }

  async find(tx: Transaction, userId: string, id: string): Promise<PortfolioItem | undefined> {
    const uuid = uuidOf('pfi', id);
    const [row] = uuid ? await this.sql.in(tx).query<Row>(`${ITEM} where i.user_id = $1 and i.id = $2 for update of i`, [uuidOfOwn('usr', userId), uuid]) : [];
    return row && itemOf(row);
  }

  async countLocked(tx: Transaction, userId: string): Promise<number> {
    const [statements, user] = [this.sql.in(tx), uuidOfOwn('usr', userId)];
    await lockUser(statements, user);
    const [row] = await statements.query<{ n: number }>('select count(*) as n from portfolio_items where user_id = $1', [user]);
    return row?.n ?? 0;
  }

  async add(tx: Transaction, userId: string, items: readonly NewItem[]): Promise<void> {
    await this.sql.in(tx).query(ADD, [
      uuidOfOwn('usr', userId), items.map(({ id }) => uuidOfOwn('pfi', id)), items.map(({ marketId }) => uuidOfOwn('mkt', marketId)), items.map(({ cost }) => cost.currency),
      items.map(({ cost }) => cost.minor), items.map(({ acquiredAt }) => acquiredAt), items.map(({ source }) => source),
      items.map(({ orderId }) => (orderId ? uuidOfOwn('ord', orderId) : null)), items.map(({ note }) => note),
      items.map(({ sold }) => sold?.at ?? null), items.map(({ sold }) => sold?.proceeds.minor ?? null), items.map(({ carriedId }) => (carriedId ? uuidOfOwn('pfi', carriedId) : null)),
    ]);
  }

  async among(tx: Transaction, userId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.sql.in(tx).query<{ id: string }>(AMONG, [uuidOfOwn('usr', userId), ids.map((id) => uuidOfOwn('pfi', id))]);
    return new Set(rows.map(({ id }) => typeId('pfi', id)));
  }

  async change(tx: Transaction, id: string, { cost, acquiredAt, note, sold }: Pick<PortfolioItem, 'cost' | 'acquiredAt' | 'note' | 'sold'>): Promise<void> {
    await this.sql.in(tx).query(CHANGE, [uuidOfOwn('pfi', id), cost.minor, acquiredAt, note, sold?.at ?? null, sold?.proceeds.minor ?? null]);
  }

  async remove(tx: Transaction, id: string): Promise<void> {
    await this.sql.in(tx).query('delete from portfolio_items where id = $1', [uuidOfOwn('pfi', id)]);
  }

  async sell(tx: Transaction, userId: string, { marketId, proceeds, at, orderId }: { marketId: string; proceeds: Money; at: Date; orderId: string }): Promise<void> {
    await this.sql.in(tx).query(SELL, [uuidOfOwn('usr', userId), uuidOfOwn('mkt', marketId), at, proceeds.minor, uuidOfOwn('ord', orderId)]);
  }

  async importOf(tx: Transaction, userId: string, key: string): Promise<{ hash: string; answer: ImportAnswer } | undefined> {
    const [row] = await this.sql.in(tx).query<{ body_hash: string; answer: ImportAnswer }>('select body_hash, answer from portfolio_imports where user_id = $1 and key = $2', [uuidOfOwn('usr', userId), key]);
    return row && { hash: row.body_hash, answer: row.answer };
  }

  async keepImport(tx: Transaction, userId: string, key: string, { hash, answer }: { hash: string; answer: ImportAnswer }): Promise<void> {
    await this.sql.in(tx).query('insert into portfolio_imports (user_id, key, body_hash, answer) values ($1, $2, $3, $4)', [uuidOfOwn('usr', userId), key, hash, JSON.stringify(answer)]);
  }

  async forgetImports(): Promise<void> {
    await this.sql.query(`delete from portfolio_imports where at < now() - interval '25 hours'`);
  }
}

function itemOf(row: Row): PortfolioItem {
  const { currency, proceeds, sold_at: soldAt, sold_order_id: soldBy } = row;
  return {
    id: typeId('pfi', row.id), marketId: typeId('mkt', row.market_id), productId: typeId('prd', row.product_id), size: row.size, cost: { currency, minor: row.cost },
    acquiredAt: row.acquired_at, source: row.source, orderId: row.order_id === null ? undefined : typeId('ord', row.order_id), note: row.note,
    sold: soldAt && proceeds !== null ? { proceeds: { currency, minor: proceeds }, at: soldAt, ...(soldBy !== null && { orderId: typeId('ord', soldBy) }) } : undefined,
  };
}
