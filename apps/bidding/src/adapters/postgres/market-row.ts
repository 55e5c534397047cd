import { typeId } from '@libs/kernel/ids';
import type { MarketPosition, MarketTerms } from '../../domain/market';

/** A row of `markets`, of the table called `m`. */
export interface MarketRow {
  readonly id: string;
  readonly product_id: string;
  readonly size: string;
  readonly category: string;
  readonly currency: string;
  readonly tick: string | number;
  readonly min_price: string | number;
  readonly max_price: string | number;
  readonly retired: boolean;
  readonly shard: number;
  readonly seq: string | number;
  readonly match_seq: string | number;
  readonly state: 'open' | 'halted';
}

export const MARKET_COLUMNS = 'm.id, m.product_id, m.size, m.category, m.currency, m.tick, m.min_price, m.max_price, m.retired, m.shard, m.seq, m.match_seq, m.state';

export function marketOf(row: MarketRow): { terms: MarketTerms; position: MarketPosition } {
  return {
    terms: {
      id: typeId('mkt', row.id), productId: typeId('prd', row.product_id), size: row.size, category: row.category, currency: row.currency,
      tick: Number(row.tick), min: Number(row.min_price), max: Number(row.max_price), retired: row.retired,
    },
    position: { shard: row.shard, seq: Number(row.seq), matchSeq: Number(row.match_seq), state: row.state },
  };
}
