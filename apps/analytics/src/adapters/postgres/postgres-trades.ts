import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type Dealt, type MatchedFact, type PaidFact, Trades } from '../../application/ports';
import { lockProduct, projectionsOf, shareProduct } from './locks';
import { mergeBusted, mergeMatched, mergePaid } from './trade-row';

interface DealtRow {
  readonly match_id: string;
  readonly market_id: string;
  readonly order_id: string;
  readonly product_id: string;
  readonly size: string;
  readonly buyer_id: string;
  readonly seller_id: string;
  readonly currency: string;
  readonly price: number;
  readonly sold_at: Date;
  readonly busted: boolean;
}

@Injectable()
export class PostgresTrades extends Trades {
  constructor(private readonly sql: Sql) {
    super();
  }

  async matched(tx: Transaction, { matchId, marketId, marketSeq }: MatchedFact): Promise<void> {
    await this.merge(tx, mergeMatched, [[uuidOfOwn('mtc', matchId)], [uuidOfOwn('mkt', marketId)], [marketSeq], [false]]);
  }

  async paid(tx: Transaction, fact: PaidFact): Promise<void> {
    await shareProduct(this.sql.in(tx), uuidOfOwn('prd', fact.productId));
    await this.merge(tx, mergePaid, paidArrays([fact]));
  }

  async busted(tx: Transaction, { matchId, marketId }: Omit<MatchedFact, 'marketSeq'>): Promise<void> {
    await this.merge(tx, mergeBusted, [uuidOfOwn('mtc', matchId), uuidOfOwn('mkt', marketId)]);
  }

  async branded(tx: Transaction, productId: string, brand: string): Promise<readonly string[]> {
    const [statements, product] = [this.sql.in(tx), uuidOfOwn('prd', productId)];
    await lockProduct(statements, product);
    const changed = new Set<string>();
    for (const table of await projectionsOf(statements)) {
      const rows = await statements.query<{ match_id: string }>(`update ${table} set brand = $2 where product_id = $1 and brand is null and sold_at is not null returning match_id`, [product, brand]);
      for (const row of rows) changed.add(typeId('mtc', row.match_id));
    }
    return [...changed];
  }

  async ofOrder(tx: Transaction, orderId: string): Promise<Dealt | undefined> {
    const [row] = await this.sql.in(tx).query<DealtRow>('select * from trades where order_id = $1', [uuidOfOwn('ord', orderId)]);
    return row && {
      matchId: typeId('mtc', row.match_id), orderId, marketId: typeId('mkt', row.market_id), productId: typeId('prd', row.product_id), size: row.size,
      buyerId: typeId('usr', row.buyer_id), sellerId: typeId('usr', row.seller_id), price: { currency: row.currency, minor: row.price }, soldAt: row.sold_at,
      isSale: !row.busted,
    };
  }

  private async merge(tx: Transaction, statement: (table: string) => string, values: readonly unknown[]): Promise<void> {
    const statements = this.sql.in(tx);
    for (const table of await projectionsOf(statements)) await statements.query(statement(table), values);
  }
}

/** Column by column, in the order of `mergePaid`. */
export function paidArrays(facts: readonly PaidFact[]): unknown[][] {
  return [
    facts.map(({ matchId }) => uuidOfOwn('mtc', matchId)), facts.map(({ marketId }) => uuidOfOwn('mkt', marketId)), facts.map(({ orderId }) => uuidOfOwn('ord', orderId)),
    facts.map(({ productId }) => uuidOfOwn('prd', productId)), facts.map(({ size }) => size), facts.map(({ buyerId }) => uuidOfOwn('usr', buyerId)),
    facts.map(({ sellerId }) => uuidOfOwn('usr', sellerId)), facts.map(({ price }) => price.currency), facts.map(({ price }) => price.minor), facts.map(({ soldAt }) => soldAt),
  ];
}
