import { uuidOfOwn } from '@libs/kernel/ids';
import type { Sql } from '@libs/postgres/sql';
import { PriceHistory } from '../../application/ports';
import type { Candle, Interval, Range, Scope } from '../../domain/candle';

/** Buckets begin in UTC; 1 January 2001 was a Monday. */
const buckets: Record<Interval, string> = {
  '5m': `date_bin('5 minutes', t.sold_at, timestamptz '2001-01-01 00:00:00+00')`,
  '1h': `date_bin('1 hour', t.sold_at, timestamptz '2001-01-01 00:00:00+00')`,
  '1d': `date_bin('1 day', t.sold_at, timestamptz '2001-01-01 00:00:00+00')`,
  '1w': `date_bin('7 days', t.sold_at, timestamptz '2001-01-01 00:00:00+00')`,
  '1mo': `date_trunc('month', t.sold_at, 'UTC')`,
};
const columns: Record<Scope['kind'], string> = { market: 'market_id', product: 'product_id', brand: 'brand' };

/** Of sales `t`: what a candle says of all of them, and where its first and its last one are. */
export const FIGURES = 'min(t.sold_at) as first_at, max(t.sold_at) as last_at, max(t.price) as high, min(t.price) as low, count(*)::int as sales, sum(t.price)::bigint as revenue';

/**
 * A candle of such figures `c`. Sales of one instant are in the order of their numbers; over several markets the match decides the rest.
 * Its two ends are looked up: to sort all sales for them would take most of the time of a chart.
 */
export function candleOf(column: string, of: string): string {
  const end = (at: string, direction: 'asc' | 'desc') =>
    `(select t.price from trades t where t.is_sale and t.${column} = ${of} and t.sold_at = ${at} order by t.market_seq ${direction}, t.match_id ${direction} limit 1)`;
  return `${end('c.first_at', 'asc')} as open, c.high, c.low, ${end('c.last_at', 'desc')} as close, c.sales, c.revenue`;
}

/** The trades' own tables: candles are made of them when they are asked for, so a bust is out of all of them at once. */
export class PostgresPriceHistory extends PriceHistory {
  constructor(private readonly sql: Sql) {
    super();
  }

  async candles(scope: Scope, interval: Interval, { from, to }: Range): Promise<Candle[]> {
    const column = columns[scope.kind];
    const text = `select c.start, ${candleOf(column, '$1')}
      from (select ${buckets[interval]} as start, ${FIGURES} from trades t where t.is_sale and t.${column} = $1 and t.sold_at >= $2 and t.sold_at < $3 group by 1) c order by 1`;
    return this.sql.query<Candle>(text, [keyOf(scope), from, to]);
  }
}

function keyOf(scope: Scope): string {
  switch (scope.kind) {
    case 'market':
      return uuidOfOwn('mkt', scope.id);
    case 'product':
      return uuidOfOwn('prd', scope.id);
    case 'brand':
      return scope.brand;
  }
}
