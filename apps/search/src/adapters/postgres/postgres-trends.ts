import { Injectable } from '@nestjs/common';
import { typeId } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type Trend, Trends } from '../../application/ports';

const SINCE = `select p.id, coalesce(t.sales, 0) as sales from products p
  left join (select m.product_id, count(*) as sales, max(s.sold_at) as last_sold_at from sales s join markets m on m.id = s.market_id
              where s.sold_at > $1 and not s.is_busted group by m.product_id) t on t.product_id = p.id
  where not p.is_retired and p.version > 0 order by 2 desc, t.last_sold_at desc nulls last, p.created_at desc, p.id limit $2`;

@Injectable()
export class PostgresTrends extends Trends {
  constructor(private readonly sql: Sql) {
    super();
  }

  async since(at: Date, limit: number): Promise<readonly Trend[]> {
    const rows = await this.sql.query<{ id: string; sales: number }>(SINCE, [at, limit]);
    return rows.map(({ id, sales }) => ({ productId: typeId('prd', id), sales }));
  }
}
