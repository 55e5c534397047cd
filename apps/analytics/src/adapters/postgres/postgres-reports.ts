import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type AgainstRetail, type BrandFigures, type Kpis, type MarketFigures, type Mover, Reports, type SizeFigures, type Summary, type Totals } from '../../application/reports';
import { SALE_COLUMNS, saleOf, type SaleRow } from './trade-row';

const TOTALS = (filter = 'true') => `count(*) filter (where ${filter}) as sales, coalesce(sum(t.price) filter (where ${filter}), 0)::bigint as revenue`;

const MARKET = `
  select count(*) as sales, coalesce(sum(t.price), 0)::bigint as revenue,
         max(t.price) filter (where t.sold_at >= $2::timestamptz - interval '52 weeks') as high, min(t.price) filter (where t.sold_at >= $2::timestamptz - interval '52 weeks') as low,
         count(*) filter (where t.sold_at >= $2::timestamptz - interval '12 months')::int as year_count,
         coalesce(sum(t.price) filter (where t.sold_at >= $2::timestamptz - interval '12 months'), 0)::text as year_sum,
         coalesce(sum(t.price::numeric * t.price) filter (where t.sold_at >= $2::timestamptz - interval '12 months'), 0)::text as year_squares,
         count(*) filter (where t.sold_at >= $2::timestamptz - interval '72 hours') as last_72_hours,
         count(*) filter (where t.sold_at >= $2::timestamptz - interval '30 days') as this_period,
         count(*) filter (where t.sold_at >= $2::timestamptz - interval '60 days' and t.sold_at < $2::timestamptz - interval '30 days') as last_period,
         (select p.retail from markets m join products p on p.id = m.product_id where m.id = $1) as retail
    from trades t where t.is_sale and t.market_id = $1`;
const LAST_TWO = `select ${SALE_COLUMNS} from trades t where t.is_sale and t.market_id = $1 order by t.sold_at desc, t.market_seq desc limit 2`;

const SIZES = `
  select m.id as market_id, m.size, s.sales, s.revenue, l.price as last, l.sold_at as last_at from markets m
   cross join lateral (select ${TOTALS()} from trades t where t.is_sale and t.market_id = m.id) s
   cross join lateral (select t.price, t.sold_at from trades t where t.is_sale and t.market_id = m.id order by t.sold_at desc, t.market_seq desc limit 1) l
   where m.product_id = $1 order by m.size collate "C"`;

/** The last sale since `$1` against the last one before it, wherever there are both. */
const movers = (isUp: boolean) => `
  with active as (select t.market_id, count(*) as sales from trades t where t.is_sale and t.sold_at >= $1 group by t.market_id)
  select a.market_id, m.product_id, m.size, m.currency, l.price as last, b.price as before, a.sales from active a
    join markets m on m.id = a.market_id
   cross join lateral (select t.price from trades t where t.is_sale and t.market_id = a.market_id order by t.sold_at desc, t.market_seq desc limit 1) l
   cross join lateral (select t.price from trades t where t.is_sale and t.market_id = a.market_id and t.sold_at < $1 order by t.sold_at desc, t.market_seq desc limit 1) b
   where l.price ${isUp ? '>' : '<'} b.price
   order by abs(l.price - b.price)::numeric / b.price desc, a.market_id limit $2`;

const AGAINST = (name: string, from: string, to: string) => `
  count(*) filter (where ${from} and ${to}) as ${name}_sales, coalesce(sum(t.price) filter (where ${from} and ${to}), 0)::bigint as ${name}_revenue,
  coalesce(sum(t.price) filter (where ${from} and ${to} and p.retail > 0), 0)::bigint as ${name}_priced, coalesce(sum(p.retail) filter (where ${from} and ${to} and p.retail > 0), 0)::bigint as ${name}_retail`;
const BRANDS = `
  select t.brand, ${AGAINST('now', `t.sold_at >= $1::timestamptz - interval '30 days'`, 'true')}, ${AGAINST('before', `t.sold_at >= $1::timestamptz - interval '60 days'`, `t.sold_at < $1::timestamptz - interval '30 days'`)}
    from trades t join products p on p.id = t.product_id where t.is_sale and t.brand is not null and t.sold_at >= $1::timestamptz - interval '60 days'`;

const SUMMARY = (side: string) => `
  select ${TOTALS()}, count(*) filter (where t.sold_at >= $2::timestamptz - interval '30 days') as recent_sales,
         coalesce(sum(t.price) filter (where t.sold_at >= $2::timestamptz - interval '30 days'), 0)::bigint as recent_revenue, max(t.sold_at) as last_at
    from trades t where t.is_sale and t.${side}_id = $1`;

const KPIS = `
  select count(*) filter (where t.is_sale) as sales, coalesce(sum(t.price) filter (where t.is_sale), 0)::bigint as revenue,
         count(*) filter (where t.is_sale and t.sold_at >= $1::timestamptz - interval '24 hours') as day_sales, coalesce(sum(t.price) filter (where t.is_sale and t.sold_at >= $1::timestamptz - interval '24 hours'), 0)::bigint as day_revenue,
         count(*) filter (where t.is_sale and t.sold_at >= $1::timestamptz - interval '30 days') as recent_sales, coalesce(sum(t.price) filter (where t.is_sale and t.sold_at >= $1::timestamptz - interval '30 days'), 0)::bigint as recent_revenue,
         count(*) as matches, count(*) filter (where t.busted) as busts, count(*) filter (where t.busted and t.sold_at is null) as unpaid_busts,
         count(distinct t.buyer_id) filter (where t.is_sale and t.sold_at >= $1::timestamptz - interval '30 days') as buyers,
         count(distinct t.seller_id) filter (where t.is_sale and t.sold_at >= $1::timestamptz - interval '30 days') as sellers,
         count(distinct t.market_id) filter (where t.is_sale) as markets,
         (select count(*) from asks a where a.is_open and (a.expires_at is null or a.expires_at > $1)) as open_asks
    from trades t`;

type Row = Readonly<Record<string, number>>;
type BrandRow = Row & { readonly brand: never };

@Injectable()
export class PostgresReports extends Reports {
  constructor(private readonly sql: Sql) {
    super();
  }

  async market(marketId: string, now: Date): Promise<MarketFigures> {
    const uuid = uuidOfOwn('mkt', marketId);
    const [last, rows] = await Promise.all([
      this.sql.query<SaleRow>(LAST_TWO, [uuid]),
      this.sql.query<Row & { year_sum: never; year_squares: never }>(MARKET, [uuid, now]),
    ]);
    const row = only(rows);
    const text = (name: string) => String(row[name]);
    return {
      last: last.map(saleOf), high: orNone(row.high), low: orNone(row.low), retail: orNone(row.retail),
      year: { count: of(row, 'year_count'), sum: BigInt(text('year_sum')), squares: BigInt(text('year_squares')) },
      last72Hours: of(row, 'last_72_hours'), thisPeriod: of(row, 'this_period'), lastPeriod: of(row, 'last_period'), totals: totalsOf(row),
    };
  }

  async sizes(productId: string): Promise<SizeFigures[]> {
    const rows = await this.sql.query<{ market_id: string; size: string; sales: number; revenue: number; last: number; last_at: Date }>(SIZES, [uuidOfOwn('prd', productId)]);
    return rows.map(({ market_id, size, sales, revenue, last, last_at: lastAt }) => ({ marketId: typeId('mkt', market_id), size, totals: { sales, revenue }, last, lastAt }));
  }

  async salesSince(scope: { productId: string } | { brand: string }, since: Date): Promise<number> {
    const [column, value] = 'brand' in scope ? ['brand', scope.brand] : ['product_id', uuidOf('prd', scope.productId)];
    return of(only(await this.sql.query<Row>(`select count(*) as n from trades t where t.is_sale and t.${column} = $1 and t.sold_at >= $2`, [value, since])), 'n');
  }

  async movers(since: Date, isUp: boolean, limit: number): Promise<Mover[]> {
    const rows = await this.sql.query<{ market_id: string; product_id: string; size: string; currency: string; last: number; before: number; sales: number }>(movers(isUp), [since, limit]);
    return rows.map(({ market_id, product_id, ...rest }) => ({ ...rest, marketId: typeId('mkt', market_id), productId: typeId('prd', product_id) }));
  }

  async brands(now: Date): Promise<BrandFigures[]> {
    return (await this.sql.query<BrandRow>(`${BRANDS} group by t.brand order by t.brand`, [now])).map(brandOf);
  }

  async brand(brand: string, now: Date): Promise<(BrandFigures & { allTime: Totals }) | undefined> {
    const [all] = await this.sql.query<Row>(`select ${TOTALS()} from trades t where t.is_sale and t.brand = $1 having exists (select from products where brand = $1)`, [brand]);
    if (!all) return undefined;
    const [row] = await this.sql.query<BrandRow>(`${BRANDS} and t.brand = $2 group by t.brand`, [now, brand]);
    const none = { sales: 0, revenue: 0, priced: 0, retail: 0 };
    return { ...(row ? brandOf(row) : { brand, now: none, before: none }), allTime: totalsOf(all) };
  }

  async summary(side: 'buyer' | 'seller', userId: string, now: Date): Promise<Summary> {
    const rows = await this.sql.query<Row & { last_at: never }>(SUMMARY(side), [uuidOfOwn('usr', userId), now]);
    const row = only(rows);
    const lastAt: unknown = row.last_at;
    return { allTime: totalsOf(row), recent: totalsOf(row, 'recent_'), lastAt: lastAt instanceof Date ? lastAt : undefined };
  }

  async kpis(now: Date): Promise<Kpis> {
    const row = only(await this.sql.query<Row>(KPIS, [now]));
    return {
      allTime: totalsOf(row), lastDay: totalsOf(row, 'day_'), recent: totalsOf(row, 'recent_'),
      matches: of(row, 'matches'), busts: of(row, 'busts'), unpaidBusts: of(row, 'unpaid_busts'), buyers: of(row, 'buyers'), sellers: of(row, 'sellers'),
      markets: of(row, 'markets'), openAsks: of(row, 'open_asks'),
    };
  }
}

function only<R>(rows: readonly R[]): R {
  const [row] = rows;
  if (!row) throw new Error('an aggregate without its row');
  return row;
}

const of = (row: Row, name: string): number => row[name] ?? 0;
const orNone = (value: number | null | undefined): number | undefined => value ?? undefined;
const totalsOf = (row: Row, prefix = ''): Totals => ({ sales: of(row, `${prefix}sales`), revenue: of(row, `${prefix}revenue`) });
const againstOf = (row: Row, prefix: string): AgainstRetail => ({ ...totalsOf(row, prefix), priced: of(row, `${prefix}priced`), retail: of(row, `${prefix}retail`) });

function brandOf(row: BrandRow): BrandFigures {
  return { brand: String(row.brand), now: againstOf(row, 'now_'), before: againstOf(row, 'before_') };
}
