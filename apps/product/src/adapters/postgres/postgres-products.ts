import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type MarketOfCategory, type ProductPage, Products } from '../../application/ports';
import type { Market } from '../../domain/market';
import type { Product } from '../../domain/product';

interface ProductRow extends Omit<Product, 'retailPriceMinor'> {
  readonly retailPriceMinor: number | null;
}

/** Characters of the id that tell two products with one url key apart. */
const URL_KEY_SUFFIX = 6;

const MARKET = `select s.id, s.product_id as "productId", s.size, s.condition, s.currency, s.tick_minor as "tickMinor",
  s.min_price_minor as "minPriceMinor", s.max_price_minor as "maxPriceMinor", s.status, p.category
  from sizes s join products p on p.id = s.product_id`;

const PRODUCT = `select p.id, p.brand, p.model, p.colorway, p.category, p.style_id as "styleId", p.description, p.currency,
  p.retail_price_minor as "retailPriceMinor", p.release_date as "releaseDate", p.url_key as "urlKey", p.status,
  p.created_at as "createdAt", p.version,
  (select coalesce(json_agg(i.url order by i.position), '[]') from product_images i where i.product_id = p.id) as "imageUrls",
  (select coalesce(json_agg(json_build_object('id', s.id, 'productId', s.product_id, 'size', s.size, 'condition', s.condition,
     'currency', s.currency, 'tickMinor', s.tick_minor, 'minPriceMinor', s.min_price_minor, 'maxPriceMinor', s.max_price_minor,
     'status', s.status) order by s.position), '[]') from sizes s where s.product_id = p.id) as markets
  from products p`;

const INSERT_PRODUCT = `insert into products (id, brand, model, colorway, style_id, description, currency, retail_price_minor,
    release_date, url_key, status, created_at, version, category)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9,
    case when exists (select from products where url_key = $10::text) then $10::text || $14::text else $10::text end, $11, $12, $13, $15)
  on conflict (style_id) do nothing returning url_key as "urlKey"`;

const UPDATE_PRODUCT = `update products set model = $2, colorway = $3, description = $4, retail_price_minor = $5, release_date = $6,
  status = $7, version = $8, category = $9 where id = $1`;

const UPSERT_SIZES = `insert into sizes (id, product_id, position, size, condition, currency, tick_minor, min_price_minor, max_price_minor, status)
  select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])
  on conflict (id) do update set status = excluded.status, position = excluded.position`;

@Injectable()
export class PostgresProducts extends Products {
  constructor(private readonly sql: Sql) {
    super();
  }

  async find(idOrUrlKey: string): Promise<Product | undefined> {
    const id = uuidOf('prd', idOrUrlKey);
    const rows = id
      ? await this.sql.query<ProductRow>(`${PRODUCT} where p.id = $1`, [id])
      : await this.sql.query<ProductRow>(`${PRODUCT} where p.url_key = $1`, [idOrUrlKey]);
    return rows[0] && productOf(rows[0]);
  }

  async lock(tx: Transaction, id: string): Promise<Product | undefined> {
    const uuid = uuidOf('prd', id);
    if (!uuid) return undefined;
    const statements = this.sql.in(tx);
    // Locked first and read after: one statement would show images and sizes as they were before the wait.
    await statements.query('select from products where id = $1 for update', [uuid]);
    const rows = await statements.query<ProductRow>(`${PRODUCT} where p.id = $1`, [uuid]);
    return rows[0] && productOf(rows[0]);
  }

  async page({ brand, limit, after }: { brand: string; limit: number; after?: string }): Promise<ProductPage> {
    const before = after === undefined ? null : (uuidOf('prd', after) ?? null);
    const rows = await this.sql.query<ProductRow>(
      `${PRODUCT} where p.status = 'active' and ($1 = '' or lower(p.brand) = lower($1)) and ($2::uuid is null or p.id < $2) order by p.id desc limit $3`,
      [brand, before, limit + 1],
    );
    const products = rows.slice(0, limit).map(productOf);
    const last = products.at(-1);
    return { products, ...(rows.length > limit && last && { next: last.id }) };
  }

  async markets(ids: readonly string[]): Promise<readonly MarketOfCategory[]> {
    const uuids = ids.map((id) => uuidOf('mkt', id)).filter((uuid) => uuid !== undefined);
    const rows = await this.sql.query<MarketOfCategory>(`${MARKET} where s.id = any($1::uuid[])`, [uuids]);
    return rows.map(marketOf);
  }

  async add(tx: Transaction, product: Product): Promise<Product | 'style_id_taken'> {
    const statements = this.sql.in(tx);
    const rows = await statements.query<{ urlKey: string }>(INSERT_PRODUCT, [
      uuidOfOwn('prd', product.id), product.brand, product.model, product.colorway, product.styleId, product.description,
      product.currency, product.retailPriceMinor ?? null, product.releaseDate, product.urlKey, product.status, product.createdAt, product.version,
      `-${product.id.slice(-URL_KEY_SUFFIX)}`, product.category,
    ]);
    if (!rows[0]) return 'style_id_taken';
    await this.writeParts(statements, product);
    return { ...product, urlKey: rows[0].urlKey };
  }

  async update(tx: Transaction, product: Product): Promise<void> {
    const statements = this.sql.in(tx);
    await statements.query(UPDATE_PRODUCT, [
      uuidOfOwn('prd', product.id), product.model, product.colorway, product.description,
      product.retailPriceMinor ?? null, product.releaseDate, product.status, product.version, product.category,
    ]);
    await this.writeParts(statements, product);
  }

  private async writeParts(statements: Statements, { id, imageUrls, markets }: Product): Promise<void> {
    const product = uuidOfOwn('prd', id);
    await statements.query('delete from product_images where product_id = $1', [product]);
    await statements.query('insert into product_images (product_id, position, url) select $1, n - 1, url from unnest($2::text[]) with ordinality as t (url, n)', [
      product, imageUrls,
    ]);
    await statements.query(UPSERT_SIZES, [
      markets.map((market) => uuidOfOwn('mkt', market.id)),
      markets.map(() => product),
      markets.map((_, position) => position),
      ...(['size', 'condition', 'currency', 'tickMinor', 'minPriceMinor', 'maxPriceMinor', 'status'] as const).map((field) =>
        markets.map((market) => market[field]),
      ),
    ]);
  }
}

function productOf({ retailPriceMinor, ...row }: ProductRow): Product {
  const id = typeId('prd', row.id);
  return { ...row, id, markets: row.markets.map(marketOf), ...(retailPriceMinor !== null && { retailPriceMinor }) };
}

function marketOf<M extends Market>(row: M): M {
  return { ...row, id: typeId('mkt', row.id), productId: typeId('prd', row.productId) };
}
