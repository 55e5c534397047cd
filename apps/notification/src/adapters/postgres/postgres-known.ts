import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Known } from '../../application/ports';

@Injectable()
export class PostgresKnown extends Known {
  constructor(private readonly sql: Sql) {
    super();
  }

  async market(tx: Transaction, { id, item, size, urlKey }: Parameters<Known['market']>[1]): Promise<void> {
    const PUT = 'insert into markets (id, item, size, url_key) values ($1, $2, $3, $4) on conflict (id) do update set item = excluded.item, size = excluded.size, url_key = excluded.url_key';
    await this.sql.in(tx).query(PUT, [uuidOfOwn('mkt', id), item, size, urlKey]);
  }

  async match(tx: Transaction, { id, marketId, priceMinor, currency }: Parameters<Known['match']>[1]): Promise<void> {
    const PUT = 'insert into matches (id, market_id, price_minor, currency) values ($1, $2, $3, $4) on conflict (id) do nothing';
    await this.sql.in(tx).query(PUT, [uuidOfOwn('mtc', id), uuidOfOwn('mkt', marketId), priceMinor, currency]);
  }

  async order(tx: Transaction, { id, matchId, buyerId, sellerId }: Parameters<Known['order']>[1]): Promise<void> {
    const PUT = 'insert into orders (id, match_id, buyer_id, seller_id) values ($1, $2, $3, $4) on conflict (id) do nothing';
    await this.sql.in(tx).query(PUT, [uuidOfOwn('ord', id), uuidOfOwn('mtc', matchId), uuidOfOwn('usr', buyerId), uuidOfOwn('usr', sellerId)]);
  }

  async partiesOf(tx: Transaction, orderId: string): Promise<{ buyerId: string; sellerId: string } | undefined> {
    const [row] = await this.sql.in(tx).query<{ buyer_id: string; seller_id: string }>('select buyer_id, seller_id from orders where id = $1', [uuidOfOwn('ord', orderId)]);
    return row && { buyerId: typeId('usr', row.buyer_id), sellerId: typeId('usr', row.seller_id) };
  }
}
