import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { Transactions } from '@libs/postgres/transaction';
import { type Count, type Facets, type Failure, type Hits, SearchIndex, type SuggestQuery, type Suggestions } from '../../application/ports';
import type { ProductDocument } from '../../domain/document';
import { brandsLike } from '../../domain/brands-like';
import { cursorInvalid } from '../../domain/errors';
import { type Filter, priceSteps, type SearchQuery, type Sort } from '../../domain/search-query';
import { styleKeyOf } from '../../domain/words';
import { rowOf } from './document-row';
import { conditions, type FacetName, type Lookup, Parameters, variantConditions } from './found-rows';
import { Lookups } from './lookups';

const PUT = `insert into documents as d (edition, product_id, version, is_listed, brand, brand_key, style_key, category, title, release_date, created_at, lowest_ask, last_sold_at, sales, lexemes)
  select e.edition, t.* from (select live as edition from editions union select next from editions where next is not null) e
   cross join jsonb_to_recordset($1) as t (product_id uuid, version bigint, is_listed boolean, brand text, brand_key text, style_key text, category text, title text,
     release_date date, created_at timestamptz, lowest_ask bigint, last_sold_at timestamptz, sales bigint, lexemes tsvector)
   order by 1, 2
  on conflict (edition, product_id) do update set version = excluded.version, is_listed = excluded.is_listed, brand = excluded.brand, brand_key = excluded.brand_key,
    style_key = excluded.style_key, category = excluded.category, title = excluded.title, release_date = excluded.release_date, created_at = excluded.created_at,
    lowest_ask = excluded.lowest_ask, last_sold_at = excluded.last_sold_at, sales = excluded.sales, lexemes = excluded.lexemes
  where d.version < excluded.version returning edition, product_id as "productId"`;

const DROP_VARIANTS = `delete from document_variants v using unnest($1::int[], $2::uuid[]) as t (edition, product_id) where v.edition = t.edition and v.product_id = t.product_id`;
const PUT_VARIANTS = `insert into document_variants (edition, product_id, position, size, lowest_ask)
  select w.edition, w.product_id, v.position, v.size, v.lowest_ask
    from unnest($2::int[], $3::uuid[]) as w (edition, product_id)
    join jsonb_to_recordset($1) as t (product_id uuid, sizes text[], asks bigint[]) on t.product_id = w.product_id
   cross join unnest(t.sizes, t.asks) with ordinality as v (size, lowest_ask, position)`;
const PUT_WORDS = `insert into vocabulary (edition, word)
  select distinct w.edition, v.word from unnest($2::int[], $3::uuid[]) as w (edition, product_id)
    join jsonb_to_recordset($1) as t (product_id uuid, vocabulary text[]) on t.product_id = w.product_id cross join unnest(t.vocabulary) as v (word)
   order by 1, 2 on conflict do nothing`;

const BRANDS = `select brand as value, count(*) as products from documents where edition = (select live from editions) and is_listed group by brand order by brand`;
const STYLES = `select product_id as id from documents where edition = (select live from editions) and is_listed and style_key ^@ $1 and ($2::text is null or brand = $2)
  order by style_key <> $1, style_key limit $3`;

/** Nothing comes after what has no value, in either direction. */
const LAST = '9007199254740991';
const orders: Readonly<Record<Sort, { readonly key: (score: string, price: string) => string; readonly direction: 'asc' | 'desc' }>> = {
  relevance: { key: (score) => score, direction: 'desc' },
  lowest_ask: { key: (_score, price) => `coalesce(${price}, ${LAST})`, direction: 'asc' },
  highest_ask: { key: (_score, price) => `coalesce(${price}, -1)`, direction: 'desc' },
  newest: { key: () => '(extract(epoch from d.created_at) * 1000)::bigint', direction: 'desc' },
  release_date: { key: () => `coalesce(d.release_date - date '0001-01-01', -1)::bigint`, direction: 'desc' },
  last_sale: { key: () => 'coalesce((extract(epoch from d.last_sold_at) * 1000)::bigint, -1)', direction: 'desc' },
};

/** The index as tables: full text by our own words, likely spellings by likeness of words. */
@Injectable()
export class PostgresIndex extends SearchIndex {
  readonly form = 'postgres';

  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
    private readonly lookups: Lookups,
  ) {
    super();
  }

  async open(): Promise<boolean> {
    return true;
  }

  async write(documents: readonly ProductDocument[]): Promise<readonly Failure[]> {
    const newest = new Map<string, ProductDocument>();
    for (const document of documents) if ((newest.get(document.id)?.version ?? 0) < document.version) newest.set(document.id, document);
    const rows = JSON.stringify([...newest.values()].map(rowOf));
    await this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      // No edition begins or is adopted between what is written to one and to the other.
      await statements.query('select from editions for share');
      const written = await statements.query<{ edition: number; productId: string }>(PUT, [rows]);
      const places = [written.map(({ edition }) => edition), written.map(({ productId }) => productId)];
      await statements.query(DROP_VARIANTS, places);
      await statements.query(PUT_VARIANTS, [rows, ...places]);
      await statements.query(PUT_WORDS, [rows, ...places]);
    });
    return [];
  }

  async search(query: SearchQuery): Promise<Hits> {
    const { after } = query;
    if (after && after.form !== this.form) throw cursorInvalid();
    if (!after?.isCorrected) {
      const hits = await this.hits(query, this.lookups.plain(query.text), false);
      if (hits.total > 0 || after) return hits;
    }
    const corrected = await this.lookups.corrected(query.text);
    return corrected ? this.hits(query, corrected, true) : { ids: [], total: 0, isCorrected: false };
  }

  async suggest({ text, brand, limit }: SuggestQuery): Promise<Suggestions> {
    const styleKey = styleKeyOf(text);
    const styles = styleKey === '' ? [] : await this.sql.query<{ id: string }>(STYLES, [styleKey, brand ?? null, limit]);
    const brands = brand === undefined && styleKey !== '' ? brandsLike(text, await this.brands()).slice(0, limit) : [];
    return { styles: styles.map(({ id }) => typeId('prd', id)), brands, products: styleKey === '' ? [] : await this.begun(text, brand, limit) };
  }

  async facets(text: string, filter: Filter): Promise<Facets> {
    let lookup = this.lookups.plain(text);
    const total = (await this.hits({ text, filter, sort: 'relevance', limit: 1 }, lookup, false)).total;
    if (total === 0) lookup = (await this.lookups.corrected(text)) ?? lookup;
    const [brands, categories, sizes, prices] = [
      await this.counts('brand', lookup, filter), await this.counts('category', lookup, filter), await this.counts('size', lookup, filter), await this.prices(lookup, filter),
    ];
    return { brands, categories, sizes, prices };
  }

  async brands(): Promise<readonly Count[]> {
    return this.sql.query<Count>(BRANDS);
  }

  async startOver(): Promise<void> {
    await this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      await statements.query('update editions set next = last + 1, last = last + 1');
      await dropOthers((text) => statements.query(text));
    });
  }

  async adopt(): Promise<void> {
    await this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      await statements.query('update editions set live = coalesce(next, live), next = null');
      await dropOthers((text) => statements.query(text));
    });
  }

  private async begun(text: string, brand: string | undefined, limit: number): Promise<readonly string[]> {
    const query: SearchQuery = { text, filter: { brands: brand === undefined ? [] : [brand], categories: [], sizes: [] }, sort: 'relevance', limit };
    const hits = await this.hits(query, this.lookups.plain(text, true), false);
    if (hits.total > 0) return hits.ids;
    const corrected = await this.lookups.corrected(text, true);
    return corrected ? (await this.hits(query, corrected, true)).ids : [];
  }

  private async hits({ filter, sort, limit, after }: SearchQuery, lookup: Lookup, isCorrected: boolean): Promise<Hits> {
    const parameters = new Parameters();
    const where = conditions(parameters, lookup, filter);
    const { key, direction } = orders[sort];
    const price = sort === 'lowest_ask' || sort === 'highest_ask' ? priceOf(parameters, filter) : '';
    const from = keyset(parameters, after?.values, direction);
    const [row] = await this.sql.query<{ total: number; page: [string, number][] }>(
      `with hits as materialized (select d.product_id, ${key(sort === 'relevance' ? score(parameters, lookup) : '', price)} as key from documents d where ${where})
       select (select count(*) from hits) as total, coalesce((select json_agg(json_build_array(product_id, key)) from (
         select product_id, key from hits where ${from} order by key ${direction}, product_id desc limit ${parameters.add(limit + 1, 'int')}) page), '[]') as page`,
      parameters.values,
    );
    const page = row?.page ?? [];
    const last = page.length > limit ? page[limit - 1] : undefined;
    return {
      ids: page.slice(0, limit).map(([id]) => typeId('prd', id)), total: row?.total ?? 0, isCorrected,
      ...(last && { next: { form: this.form, isCorrected, values: [last[1], typeId('prd', last[0])] } }),
    };
  }

  private counts(facet: Exclude<FacetName, 'price'>, lookup: Lookup, filter: Filter): Promise<Count[]> {
    const parameters = new Parameters();
    const where = conditions(parameters, lookup, filter, facet);
    if (facet !== 'size') return this.sql.query<Count>(`select d.${facet} as value, count(*) as products from documents d where ${where} group by 1 order by 2 desc, 1 limit 100`, parameters.values);
    const narrowed = variantConditions(parameters, filter, facet);
    return this.sql.query<Count>(
      `select v.size as value, count(distinct d.product_id) as products from documents d join document_variants v on v.edition = d.edition and v.product_id = d.product_id${narrowed}
        where ${where} group by 1 order by 2 desc, 1 limit 100`,
      parameters.values,
    );
  }

  private async prices(lookup: Lookup, filter: Filter): Promise<number[]> {
    const parameters = new Parameters();
    const where = conditions(parameters, lookup, filter, 'price');
    const narrowed = variantConditions(parameters, filter, 'price');
    const counts = priceSteps.map(({ min, max }) => `count(distinct d.product_id) filter (where v.lowest_ask >= ${min}${max === undefined ? '' : ` and v.lowest_ask <= ${max}`}) as from_${min}`);
    const [row] = await this.sql.query<Record<string, number>>(
      `select ${counts.join(', ')} from documents d join document_variants v on v.edition = d.edition and v.product_id = d.product_id${narrowed} where ${where}`,
      parameters.values,
    );
    return priceSteps.map(({ min }) => row?.[`from_${min}`] ?? 0);
  }
}

async function dropOthers(query: (text: string) => Promise<unknown>): Promise<void> {
  for (const table of ['documents', 'document_variants', 'vocabulary'])
    await query(`delete from ${table} where edition not in (select live from editions union select next from editions where next is not null)`);
}

/** The exact style id first, then the exact brand, then by where and how exactly the words stand, then what is bought more. */
function score(parameters: Parameters, { all, exact, brandKeys, styleKeys }: Lookup): string {
  if (all === undefined || exact === undefined) return 'd.sales';
  const rank = (query: string) => `ts_rank('{0.05, 0.3, 0.6, 1.0}', d.lexemes, ${parameters.add(query, 'tsquery')})`;
  return `(case when d.style_key = any (${parameters.add(styleKeys, 'text[]')}) then 1000000 else 0 end
    + case when d.brand_key = any (${parameters.add(brandKeys, 'text[]')}) then 10000 else 0 end
    + (${rank(exact)} * 2000)::bigint + (${rank(all)} * 1000)::bigint + (ln(1 + d.sales) * 10)::bigint)`;
}

/** Of the sizes that were chosen, within the bounds. */
function priceOf(parameters: Parameters, filter: Filter): string {
  const narrowed = variantConditions(parameters, filter);
  return narrowed === '' ? 'd.lowest_ask' : `(select min(v.lowest_ask) from document_variants v where v.edition = d.edition and v.product_id = d.product_id${narrowed})`;
}

function keyset(parameters: Parameters, values: readonly (number | string | null)[] | undefined, direction: 'asc' | 'desc'): string {
  if (!values) return 'true';
  const [key, id] = values;
  if (!Number.isSafeInteger(key) || typeof id !== 'string' || !id.startsWith('prd_')) throw cursorInvalid();
  const place = parameters.add(key, 'bigint');
  return `(key ${direction === 'asc' ? '>' : '<'} ${place} or (key = ${place} and product_id < ${parameters.add(uuidOfOwn('prd', id), 'uuid')}))`;
}
