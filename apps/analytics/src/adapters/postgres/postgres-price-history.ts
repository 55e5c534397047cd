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

/** Sales of one instant are in the order of their numbers; over several markets the match decides the rest. */
export const CANDLE = `
  (array_agg(t.price order by t.sold_at, t.market_seq, t.match_id))[1] as open, max(t.price) as high, min(t.price) as low,
  (array_agg(t.price order by t.sold_at desc, t.market_seq desc, t.match_id desc))[1] as close, count(*)::int as sales, sum(t.price)::bigint as revenue`;

/** The trades' own tables: candles are made of them when they are asked for, so a bust is out of all of them at once. */
export class PostgresPriceHistory extends PriceHistory {
  constructor(private readonly sql: Sql) {
    super();
  }

  async candles(scope: Scope, interval: Interval, { from, to }: Range): Promise<Candle[]> {
    const text = `select ${buckets[interval]} as start, ${CANDLE} from trades t
      where t.is_sale and t.${columns[scope.kind]} = $1 and t.sold_at >= $2 and t.sold_at < $3 group by 1 order by 1`;
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
