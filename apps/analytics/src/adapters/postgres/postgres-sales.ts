import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type Sale, type SalePlace, Sales } from '../../application/ports';
import { SALE_COLUMNS, saleOf, type SaleRow } from './trade-row';

const PAGE = `select ${SALE_COLUMNS} from trades t
  where t.is_sale and t.market_id = $1 and ($2::timestamptz is null or (t.sold_at, t.market_seq) < ($2, $3::bigint))
  order by t.sold_at desc, t.market_seq desc limit $4`;

const RECENT = `select ${SALE_COLUMNS} from trades t where t.is_sale order by t.sold_at desc, t.market_id desc, t.market_seq desc limit $1`;

const LAST = `select m.id as market_id, l.price from unnest($1::uuid[]) m (id)
  cross join lateral (select t.price from trades t where t.is_sale and t.market_id = m.id order by t.sold_at desc, t.market_seq desc limit 1) l`;

@Injectable()
export class PostgresSales extends Sales {
  constructor(private readonly sql: Sql) {
    super();
  }

  async page(marketId: string, limit: number, before?: SalePlace): Promise<Sale[]> {
    const rows = await this.sql.query<SaleRow>(PAGE, [uuidOfOwn('mkt', marketId), before?.soldAt ?? null, before?.sequence ?? null, limit]);
    return rows.map(saleOf);
  }

  async recent(limit: number): Promise<Sale[]> {
    return (await this.sql.query<SaleRow>(RECENT, [limit])).map(saleOf);
  }

  async lastOf(marketIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.sql.query<{ market_id: string; price: number }>(LAST, [marketIds.map((id) => uuidOfOwn('mkt', id))]);
    return new Map(rows.map((row) => [typeId('mkt', row.market_id), row.price]));
  }
}
