import { Injectable } from '@nestjs/common';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type AskFacts, Facts, type MarketSnapshot, type ProductFacts, type SaleFacts } from '../../application/ports';

/** Marks a product, or a market whose product may not be known yet, for every form. What was marked before is marked anew, so that nobody takes the new mark for done. */
const MARKED_ANEW = `on conflict (form, target) do update
  set mark = nextval('stale_marks'), is_catalogue = stale.is_catalogue or excluded.is_catalogue, marked_at = least(stale.marked_at, excluded.marked_at), tries = 0, not_before = null, reason = null`;

const MARK = `insert into stale (form, target, is_catalogue)
  select form, target, $2 from kept_forms, (select distinct unnest($1::uuid[]) as target) t order by form, target ${MARKED_ANEW}`;

const PUT_PRODUCT = `insert into products as p (id, version, is_retired, brand, model, colorway, style_id, category, description, currency, retail_price_minor, release_date, image_url, url_key, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  on conflict (id) do update set version = excluded.version, is_retired = p.is_retired or excluded.is_retired, brand = excluded.brand, model = excluded.model,
    colorway = excluded.colorway, style_id = excluded.style_id, category = excluded.category, description = excluded.description, currency = excluded.currency,
    retail_price_minor = excluded.retail_price_minor, release_date = excluded.release_date, image_url = excluded.image_url, url_key = excluded.url_key, created_at = excluded.created_at
  where p.version < excluded.version returning id`;

const PUT_MARKETS = `insert into markets (id, product_id, position, size, is_active)
  select id, $1, n, size, is_active from unnest($2::uuid[], $3::text[], $4::boolean[]) with ordinality as t (id, size, is_active, n)
  on conflict (id) do update set position = excluded.position, size = excluded.size, is_active = excluded.is_active`;

const RETIRE = `insert into products as p (id, version, is_retired) values ($1, 0, true) on conflict (id) do update set is_retired = true where not p.is_retired returning id`;

/** The hot one: an ask and its mark in one statement. */
const PUT_ASK = `with put as (
    insert into asks as a (id, market_id, price_minor, is_open, seq)
    select $1, $2, $3, $4, $5 where not exists (select from market_floors f where f.market_id = $2 and f.seq >= $5)
        on conflict (id) do update set price_minor = excluded.price_minor, is_open = excluded.is_open, seq = excluded.seq, changed_at = now() where a.seq < excluded.seq
    returning market_id)
  insert into stale (form, target, is_catalogue) select form, market_id, false from kept_forms, put order by form ${MARKED_ANEW}`;

const PUT_SALES = `insert into sales as s (match_id, market_id, price_minor, sold_at)
  select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
  on conflict (match_id) do update set price_minor = excluded.price_minor, sold_at = excluded.sold_at where s.sold_at is null`;

const BUST = `insert into sales as s (match_id, market_id, is_busted) select match_id, market_id, true from unnest($1::uuid[], $2::uuid[]) as t (match_id, market_id)
  on conflict (match_id) do update set is_busted = true where not s.is_busted`;

const FLOORS = `insert into market_floors as f (market_id, seq) select * from unnest($1::uuid[], $2::bigint[])
  on conflict (market_id) do update set seq = excluded.seq where f.seq < excluded.seq`;

const CLOSE_OTHERS = `update asks a set is_open = false, seq = t.seq, changed_at = now() from unnest($1::uuid[], $2::bigint[]) as t (market_id, seq)
  where a.market_id = t.market_id and a.seq <= t.seq and a.is_open and a.id <> all ($3::uuid[])`;

const PUT_ASKS = `insert into asks as a (id, market_id, price_minor, is_open, seq)
  select id, market_id, price, true, seq from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) as t (id, market_id, price, seq)
  on conflict (id) do update set price_minor = excluded.price_minor, is_open = true, seq = excluded.seq, changed_at = now() where a.seq <= excluded.seq`;

/** As long as the bus keeps events. */
const PRUNED_AT_ONCE = 5_000;
const PRUNE = `delete from asks where ctid = any (array(select ctid from asks where not is_open and changed_at < now() - interval '31 days' limit $1)) returning 1 as gone`;

@Injectable()
export class PostgresFacts extends Facts {
  constructor(private readonly sql: Sql) {
    super();
  }

  async product(tx: Transaction, product: ProductFacts): Promise<void> {
    const statements = this.sql.in(tx);
    const id = uuidOfOwn('prd', product.id);
    const put = await statements.query(PUT_PRODUCT, [
      id, product.version, product.isRetired, product.brand, product.model, product.colorway, product.styleId, product.category, product.description,
      product.currency, product.retailPrice ?? null, product.releaseDate, product.imageUrl, product.urlKey, product.createdAt,
    ]);
    if (put.length === 0) return;
    const { markets } = product;
    await statements.query(PUT_MARKETS, [id, markets.map((market) => uuidOfOwn('mkt', market.id)), markets.map(({ size }) => size), markets.map(({ isActive }) => isActive)]);
    await mark(statements, [id], true);
  }

  async retired(tx: Transaction, productId: string): Promise<void> {
    const id = uuidOfOwn('prd', productId);
    const ended = await this.sql.in(tx).query(RETIRE, [id]);
    if (ended.length > 0) await mark(this.sql.in(tx), [id], true);
  }

  async ask(tx: Transaction, { askId, marketId, price, isOpen, seq }: AskFacts): Promise<void> {
    await this.sql.in(tx).query(PUT_ASK, [uuidOfOwn('ask', askId), uuidOfOwn('mkt', marketId), price, isOpen, seq]);
  }

  async sold(tx: Transaction, sales: readonly SaleFacts[]): Promise<void> {
    const markets = sales.map(({ marketId }) => uuidOfOwn('mkt', marketId));
    await this.sql.in(tx).query(PUT_SALES, [sales.map(({ matchId }) => uuidOfOwn('mtc', matchId)), markets, sales.map(({ price }) => price), sales.map(({ at }) => at)]);
    await mark(this.sql.in(tx), markets, false);
  }

  async busted(tx: Transaction, matchId: string, marketId: string): Promise<void> {
    const market = uuidOfOwn('mkt', marketId);
    await this.sql.in(tx).query(BUST, [[uuidOfOwn('mtc', matchId)], [market]]);
    await mark(this.sql.in(tx), [market], false);
  }

  async markets(tx: Transaction, snapshots: readonly MarketSnapshot[]): Promise<void> {
    const statements = this.sql.in(tx);
    const markets = snapshots.map(({ marketId }) => uuidOfOwn('mkt', marketId));
    const seqs = snapshots.map(({ seq }) => seq);
    const asks = snapshots.flatMap(({ marketId, seq, asks: resting }) => resting.map(({ askId, price }) => ({ id: uuidOfOwn('ask', askId), marketId: uuidOfOwn('mkt', marketId), price, seq })));
    const busts = snapshots.flatMap(({ marketId, bustedMatchIds }) => bustedMatchIds.map((id) => ({ id: uuidOfOwn('mtc', id), marketId: uuidOfOwn('mkt', marketId) })));
    await statements.query(FLOORS, [markets, seqs]);
    await statements.query(CLOSE_OTHERS, [markets, seqs, asks.map(({ id }) => id)]);
    await statements.query(PUT_ASKS, [asks.map(({ id }) => id), asks.map(({ marketId }) => marketId), asks.map(({ price }) => price), asks.map(({ seq }) => seq)]);
    await statements.query(BUST, [busts.map(({ id }) => id), busts.map(({ marketId }) => marketId)]);
    await mark(statements, markets, false);
  }

  async prune(): Promise<boolean> {
    return (await this.sql.query(PRUNE, [PRUNED_AT_ONCE])).length === PRUNED_AT_ONCE;
  }

  async forget(tx: Transaction): Promise<void> {
    await this.sql.in(tx).query('truncate products, markets, asks, market_floors, sales');
  }
}

async function mark(statements: Statements, targets: readonly string[], isCatalogue: boolean): Promise<void> {
  await statements.query(MARK, [targets, isCatalogue]);
}
