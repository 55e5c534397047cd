import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { type Batch, Documents, type Failure } from '../../application/ports';
import type { ProductDocument } from '../../domain/document';
import type { FormName } from '../../domain/search-query';

/** One snapshot of all that a document holds. A sale of a size that trades no more is a sale of the product still. */
const DOCUMENT = `select p.*,
    (select coalesce(json_agg(json_build_object('marketId', m.id, 'size', m.size,
         'lowestAsk', (select min(a.price_minor) from asks a where a.market_id = m.id and a.is_open),
         'lastSale', (select s.price_minor from sales s where s.market_id = m.id and s.sold_at is not null and not s.is_busted order by s.sold_at desc, s.match_id desc limit 1)) order by m.position), '[]')
       from markets m where m.product_id = p.id and m.is_active) as variants,
    (select json_build_array(s.price_minor, (extract(epoch from s.sold_at) * 1000)::bigint) from markets m
       cross join lateral (select * from sales s where s.market_id = m.id and s.sold_at is not null and not s.is_busted order by s.sold_at desc, s.match_id desc limit 1) s
      where m.product_id = p.id order by s.sold_at desc, s.match_id desc limit 1) as last_sale,
    (select count(*) from markets m join sales s on s.market_id = m.id and s.sold_at is not null and not s.is_busted where m.product_id = p.id) as sales
  from products p where p.id = any ($1::uuid[]) order by p.id`;

interface Row {
  readonly id: string;
  readonly is_retired: boolean;
  readonly version: number;
  readonly brand: string;
  readonly model: string;
  readonly colorway: string;
  readonly style_id: string;
  readonly category: string;
  readonly description: string;
  readonly currency: string;
  readonly retail_price_minor: number | null;
  readonly release_date: string;
  readonly image_url: string;
  readonly url_key: string;
  readonly created_at: Date | null;
  readonly document_version: number;
  readonly variants: readonly { readonly marketId: string; readonly size: string; readonly lowestAsk: number | null; readonly lastSale: number | null }[];
  readonly last_sale: readonly [number, number] | null;
  readonly sales: number;
}

const DUE = `select s.target, s.mark, s.is_catalogue as "isCatalogue", coalesce(m.product_id, p.id) as "productId"
  from (select * from stale where form = $1 and (not_before is null or not_before <= now()) order by mark limit $2) s
  left join markets m on m.id = s.target left join products p on p.id = s.target
  where not exists (select from rebuilds where phase = 'facts') order by s.mark`;

const RETRY = `update stale s set tries = s.tries + 1, reason = t.reason, not_before = now() + make_interval(secs => least(300, 2 ^ least(s.tries, 8)))
  from unnest($2::uuid[], $3::bigint[], $4::text[]) as t (target, mark, reason) where s.form = $1 and s.target = t.target and s.mark = t.mark`;

@Injectable()
export class PostgresDocuments extends Documents {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {
    super();
  }

  keep(forms: readonly FormName[]): Promise<readonly FormName[]> {
    return this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      await statements.query('delete from kept_forms where form <> all ($1::text[])', [forms]);
      await statements.query('delete from stale where form <> all ($1::text[])', [forms]);
      const added = await statements.query<{ form: FormName }>('insert into kept_forms select unnest($1::text[]) on conflict do nothing returning form', [forms]);
      return added.map(({ form }) => form);
    });
  }

  take(form: FormName, limit: number): Promise<Batch> {
    return this.transactions.run(async (tx) => {
      const marks = await this.sql.in(tx).query<Batch['marks'][number] & { isCatalogue: boolean }>(DUE, [form, limit]);
      const ids = [...new Set(marks.map(({ productId }) => productId).filter((id) => id !== null))];
      return { marks, isCatalogue: marks.some(({ isCatalogue }) => isCatalogue), documents: await this.versioned(tx, ids) };
    });
  }

  async given(form: FormName, { marks }: Batch, failures: readonly Failure[]): Promise<void> {
    const reasons = new Map(failures.map(({ id, reason }) => [uuidOfOwn('prd', id), reason]));
    const isDone = ({ productId }: Batch['marks'][number]) => productId === null || !reasons.has(productId);
    const done = marks.filter(isDone);
    const left = marks.filter((mark) => !isDone(mark));
    // A consumer that marks the same targets anew may lock them the other way round: as a transaction this is run again then.
    await this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      await statements.query('delete from stale s using unnest($2::uuid[], $3::bigint[]) as t (target, mark) where s.form = $1 and s.target = t.target and s.mark = t.mark', [
        form, done.map(({ target }) => target), done.map(({ mark }) => mark),
      ]);
      if (left.length > 0) await statements.query(RETRY, [form, left.map(({ target }) => target), left.map(({ mark }) => mark), left.map(({ productId }) => reasons.get(productId ?? '') ?? '')]);
    });
  }

  page(after: string | undefined, limit: number): Promise<readonly ProductDocument[]> {
    return this.transactions.run(async (tx) => {
      const rows = await this.sql.in(tx).query<{ id: string }>('select id from products where $1::uuid is null or id > $1 order by id limit $2', [after ? uuidOfOwn('prd', after) : null, limit]);
      return this.versioned(tx, rows.map(({ id }) => id));
    });
  }

  async now(ids: readonly string[]): Promise<readonly ProductDocument[]> {
    const uuids = ids.map((id) => uuidOf('prd', id)).filter((id) => id !== undefined);
    const found = new Map((await assembled(this.sql, uuids)).filter(({ isListed }) => isListed).map((document) => [document.id, document]));
    return ids.map((id) => found.get(id)).filter((document) => document !== undefined);
  }

  async pending(form: FormName): Promise<{ count: number; oldestSeconds: number }> {
    const [row] = await this.sql.query<{ count: number; oldest: number }>('select count(*) as count, coalesce(extract(epoch from now() - min(marked_at)), 0)::float8 as oldest from stale where form = $1', [form]);
    return { count: row?.count ?? 0, oldestSeconds: row?.oldest ?? 0 };
  }

  /** Locked first and read after: whoever has the higher version has seen all that the lower one saw. */
  private async versioned(tx: Transaction, ids: readonly string[]): Promise<ProductDocument[]> {
    if (ids.length === 0) return [];
    const statements = this.sql.in(tx);
    await statements.query('select id from products where id = any ($1::uuid[]) order by id for update', [ids]);
    await statements.query(`update products set document_version = nextval('document_versions') where id = any ($1::uuid[])`, [ids]);
    return assembled(statements, ids);
  }
}

async function assembled(statements: Statements, ids: readonly string[]): Promise<ProductDocument[]> {
  return (await statements.query<Row>(DOCUMENT, [ids])).map(documentOf);
}

function documentOf(row: Row): ProductDocument {
  const variants = row.variants.map(({ marketId, size, lowestAsk, lastSale }) => ({
    marketId: typeId('mkt', marketId), size, ...(lowestAsk !== null && { lowestAsk }), ...(lastSale !== null && { lastSale }),
  }));
  const asks = variants.map(({ lowestAsk }) => lowestAsk).filter((price) => price !== undefined);
  return {
    id: typeId('prd', row.id), version: row.document_version, isListed: !row.is_retired && row.version > 0,
    urlKey: row.url_key, brand: row.brand, model: row.model, colorway: row.colorway, styleId: row.style_id, category: row.category, description: row.description,
    imageUrl: row.image_url, currency: row.currency, releaseDate: row.release_date, createdAt: row.created_at ?? new Date(0), variants, sales: row.sales,
    ...(row.retail_price_minor !== null && { retailPrice: row.retail_price_minor }),
    ...(asks.length > 0 && { lowestAsk: Math.min(...asks) }),
    ...(row.last_sale && { lastSale: row.last_sale[0], lastSoldAt: new Date(row.last_sale[1]) }),
  };
}
