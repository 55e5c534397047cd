import { Injectable } from '@nestjs/common';
import { uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { MarketStore, type StoredMarket } from '../../application/ports';
import type { MarketTerms } from '../../domain/market';
import { shardOf } from '../../domain/shard';
import { MARKET_COLUMNS, type MarketRow, marketOf } from './market-row';

const SELECT = `
  select ${MARKET_COLUMNS}, s.price as sale_price, (extract(epoch from s.sold_at) * 1000)::bigint as sale_ms
    from markets m left join lateral (select price, sold_at from sales where market_id = m.id order by sold_at desc limit 1) s on true`;

const PUT = `
  insert into markets as m (id, product_id, size, currency, tick, min_price, max_price, retired, shard, category) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      on conflict (id) do update set size = excluded.size, category = coalesce(nullif(excluded.category, ''), m.category), tick = excluded.tick, min_price = excluded.min_price, max_price = excluded.max_price, retired = m.retired or excluded.retired`;

const EFFECT = `insert into fact_effects (shard, kind, subject) select shard, 'market_changed', id from markets where id = any ($1::uuid[])`;

type Row = MarketRow & { sale_price: number | null; sale_ms: number };

@Injectable()
export class PostgresMarketStore extends MarketStore {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {
    super();
  }

  async markets(): Promise<StoredMarket[]> {
    return (await this.sql.query<Row>(SELECT)).map(storedOf);
  }

  async market(marketId: string): Promise<StoredMarket | undefined> {
    const uuid = uuidOf('mkt', marketId);
    if (uuid === undefined) return undefined;
    const [row] = await this.sql.query<Row>(`${SELECT} where m.id = $1`, [uuid]);
    return row && storedOf(row);
  }

  adopt(told: readonly MarketTerms[]): Promise<void> {
    return this.transactions.run((tx) => this.changed(tx, told));
  }

  async changed(tx: Transaction, terms: readonly MarketTerms[]): Promise<void> {
    for (const { id, productId, size, category, currency, tick, min, max, retired } of terms) {
      await this.sql.in(tx).query(PUT, [uuidOfOwn('mkt', id), uuidOfOwn('prd', productId), size, currency, tick, min, max, retired, shardOf(id), category]);
    }
    await this.announce(tx, terms.map(({ id }) => id));
  }

  async retired(tx: Transaction, marketIds: readonly string[]): Promise<void> {
    await this.sql.in(tx).query('update markets set retired = true where id = any ($1::uuid[])', [marketIds.map((id) => uuidOfOwn('mkt', id))]);
    await this.announce(tx, marketIds);
  }

  async sold(tx: Transaction, { matchId, marketId, price, at }: { matchId: string; marketId: string; price: number; at: Date }): Promise<void> {
    const sql = this.sql.in(tx);
    const completed = await sql.query(`update matches set state = 'completed' where id = $1 and state = 'pending' returning id`, [uuidOfOwn('mtc', matchId)]);
    // A match that is bust by now is no sale.
    if (completed.length === 0) return;
    const sale = [uuidOfOwn('mtc', matchId), uuidOfOwn('mkt', marketId), price, at];
    await Promise.all([sql.query('insert into sales (match_id, market_id, price, sold_at) values ($1, $2, $3, $4)', sale), this.announce(tx, [marketId])]);
  }

  private async announce(tx: Transaction, marketIds: readonly string[]): Promise<void> {
    await this.sql.in(tx).query(EFFECT, [marketIds.map((id) => uuidOfOwn('mkt', id))]);
  }
}

function storedOf(row: Row): StoredMarket {
  return { ...marketOf(row), lastSale: row.sale_price === null ? undefined : { price: Number(row.sale_price), at: Number(row.sale_ms) } };
}
