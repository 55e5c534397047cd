import { typeId } from '@libs/kernel/ids';
import type { Sale } from '../../application/ports';

export interface SaleRow {
  readonly match_id: string;
  readonly market_id: string;
  readonly product_id: string;
  readonly size: string;
  readonly price: number;
  readonly currency: string;
  readonly sold_at: Date;
  readonly market_seq: number;
}

export const SALE_COLUMNS = 't.match_id, t.market_id, t.product_id, t.size, t.price, t.currency, t.sold_at, t.market_seq';

/** What a trade has besides its key and its book's number; the same in the table that a rebuild fills. */
export const FACT_COLUMNS = 'match_id, market_id, market_seq, order_id, product_id, size, buyer_id, seller_id, currency, price, sold_at, brand, busted';

export function saleOf(row: SaleRow): Sale {
  return {
    matchId: typeId('mtc', row.match_id), marketId: typeId('mkt', row.market_id), productId: typeId('prd', row.product_id),
    size: row.size, price: row.price, currency: row.currency, soldAt: row.sold_at, sequence: row.market_seq,
  };
}

/** The facts of many trades, each merged into what is known; `table` is `trades` or `trades_next`. */
export const mergeMatched = (table: string) => `
  insert into ${table} as t (match_id, market_id, market_seq, busted)
  select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[])
      on conflict (match_id) do update set market_seq = coalesce(t.market_seq, excluded.market_seq), busted = t.busted or excluded.busted`;

export const mergePaid = (table: string) => `
  insert into ${table} as t (match_id, market_id, order_id, product_id, size, buyer_id, seller_id, currency, price, sold_at, brand)
  select g.*, (select brand from products p where p.id = g.product_id)
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::bigint[], $10::timestamptz[])
         g (match_id, market_id, order_id, product_id, size, buyer_id, seller_id, currency, price, sold_at)
      on conflict (match_id) do update
      set order_id = excluded.order_id, product_id = excluded.product_id, size = excluded.size, buyer_id = excluded.buyer_id, seller_id = excluded.seller_id,
          currency = excluded.currency, price = excluded.price, sold_at = excluded.sold_at, brand = excluded.brand
    where t.sold_at is null`;

export const mergeBusted = (table: string) => `
  insert into ${table} (match_id, market_id, busted) values ($1, $2, true) on conflict (match_id) do update set busted = true`;
