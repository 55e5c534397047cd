import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Catalogue, type KnownMarket, type KnownProduct } from '../../application/ports';
import { lockProduct } from './locks';

interface MarketRow {
  readonly id: string;
  readonly product_id: string;
  readonly size: string;
  readonly currency: string;
}

const LEARN = `insert into products as p (id, brand, model, currency, retail, version) values ($1, $2, $3, $4, $5, $6)
  on conflict (id) do update set brand = excluded.brand, model = excluded.model, currency = excluded.currency, retail = excluded.retail, version = excluded.version
  where p.version < excluded.version`;
const LEARN_MARKETS = `insert into markets (id, product_id, size, currency) select g.id, $1, g.size, g.currency from unnest($2::uuid[], $3::text[], $4::text[]) g (id, size, currency)
  on conflict (id) do nothing`;

@Injectable()
export class PostgresCatalogue extends Catalogue {
  constructor(private readonly sql: Sql) {
    super();
  }

  async learn(tx: Transaction, { id, brand, model, retail, version, markets }: KnownProduct): Promise<void> {
    const [statements, uuid] = [this.sql.in(tx), uuidOfOwn('prd', id)];
    await lockProduct(statements, uuid);
    await statements.query(LEARN, [uuid, brand, model, retail?.currency ?? null, retail?.minor ?? null, version]);
    await statements.query(LEARN_MARKETS, [uuid, markets.map((market) => uuidOfOwn('mkt', market.id)), markets.map(({ size }) => size), markets.map(({ currency }) => currency)]);
  }

  async market(id: string): Promise<KnownMarket | undefined> {
    return (await this.knows([id])).get(id);
  }

  async marketsOf(productId: string): Promise<KnownMarket[]> {
    const uuid = uuidOf('prd', productId);
    return uuid ? (await this.sql.query<MarketRow>('select * from markets where product_id = $1', [uuid])).map(marketOf) : [];
  }

  async knows(ids: readonly string[]): Promise<ReadonlyMap<string, KnownMarket>> {
    const uuids = [...new Set(ids)].flatMap((id) => uuidOf('mkt', id) ?? []);
    const rows = await this.sql.query<MarketRow>('select * from markets where id = any ($1::uuid[])', [uuids]);
    return new Map(rows.map(marketOf).map((market) => [market.id, market]));
  }
}

function marketOf(row: MarketRow): KnownMarket {
  return { id: typeId('mkt', row.id), productId: typeId('prd', row.product_id), size: row.size, currency: row.currency };
}
