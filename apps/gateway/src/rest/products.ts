import { type Market, type Product, ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { amount, AmountJson, etag, freeText, idOf, InstantJson, knownInstant, line, orAbsent, page, pageOf, pageQuery, present, PRICE_MAX, PriceJson, safe } from './json';

const size = line(10);
export const category = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'A category is a word of lower-case letters, digits and dashes.');
const releaseDate = z.iso.date();
const imageUrls = z.array(z.string().max(500).regex(/^(https:\/\/[^\s\u0000-\u001f]+|\/[\w./-]+)$/, 'An image is an https address, or a path of ours.')).max(20);

const NewProduct = z.strictObject({
  brand: line(100),
  model: line(150),
  colorway: line(150),
  styleId: line(50),
  category: category.optional(),
  description: freeText(5_000).optional(),
  retailPrice: PriceJson.optional(),
  releaseDate: releaseDate.optional(),
  imageUrls: imageUrls.optional(),
  sizes: z.array(size).min(1).max(60),
  minPrice: z.int().min(1).max(PRICE_MAX).optional().meta({ description: 'The least price of its markets, in minor units.' }),
});
const ChangedProduct = z.strictObject({
  model: line(150).optional(),
  colorway: line(150).optional(),
  category: category.optional(),
  description: freeText(5_000).optional(),
  retailPrice: PriceJson.optional(),
  releaseDate: releaseDate.optional(),
  imageUrls: imageUrls.optional(),
  addSizes: z.array(size).max(60).optional(),
  retireSizes: z.array(size).max(60).optional(),
});

const ProductMarketJson = z.object({ id: z.string(), size: z.string(), condition: z.string(), currency: z.string(), tick: z.int(), minPrice: z.int(), maxPrice: z.int(), status: z.string() });
export const ProductJson = z.object({
  id: z.string(), urlKey: z.string(), brand: z.string(), model: z.string(), colorway: z.string(), styleId: z.string(), category: z.string(), description: z.string().optional(),
  retailPrice: AmountJson.optional(), releaseDate: z.string().optional(), imageUrls: z.array(z.string()), markets: z.array(ProductMarketJson), status: z.string(), createdAt: InstantJson, version: z.int(),
});

const shown = { tag: 'Products', access: { roles: 'public' }, cacheControl: 'public, max-age=5, stale-while-revalidate=30' } as const;
const administered = { tag: 'Products', access: { roles: ['admin'] } } as const;
const params = z.strictObject({ productId: z.string().regex(/^[a-z0-9_-]{1,200}$/) });
const ownParams = z.strictObject({ productId: idOf('prd') });

export function productRoutes(rpc: Rpc): Route[] {
  const products = rpc.client(ProductService);
  return [
    route({
      ...shown, method: 'GET', path: '/v1/products', status: 200, summary: 'The catalogue.', refusals: ['product.cursor_invalid'],
      query: z.strictObject({ ...pageQuery, brand: line(100).optional() }), answer: pageOf(ProductJson),
      async handle({ query }) {
        const { products: found, nextCursor } = await products.listProducts(query);
        return page(found.map(productJson), nextCursor);
      },
    }),
    route({
      ...shown, method: 'GET', path: '/v1/products/{productId}', status: 200, summary: 'One product, by id or url key, with its markets.', refusals: ['product.not_found'],
      params, answer: ProductJson,
      async handle({ params: { productId } }, headers) {
        const { product } = await products.getProduct({ productId });
        headers.header('ETag', etag(present(product).version));
        return productJson(present(product));
      },
    }),
    route({
      ...administered, method: 'POST', path: '/v1/products', status: 201, summary: 'Add a product, with one market for each size.', refusals: ['product.style_id_taken', 'product.invalid'],
      body: NewProduct, answer: ProductJson,
      async handle({ body, call }, headers) {
        const { retailPrice, minPrice, ...rest } = body;
        const { product } = await products.createProduct({ ...rest, ...priced(retailPrice), minPriceMinor: BigInt(minPrice ?? 0) }, call);
        headers.header('Location', `/v1/products/${product?.id}`);
        headers.header('ETag', etag(present(product).version));
        return productJson(present(product));
      },
    }),
    route({
      ...administered, method: 'PATCH', path: '/v1/products/{productId}', status: 200, summary: 'Change a product, add or retire sizes.', refusals: ['product.not_found', 'product.stale', 'product.retired', 'product.size_unknown', 'product.currency_fixed', 'product.invalid'],
      ifMatch: true, params: ownParams, body: ChangedProduct, answer: ProductJson,
      async handle({ params: { productId }, body, ifMatch, call }, headers) {
        const { retailPrice, imageUrls: urls, ...rest } = body;
        const { product } = await products.updateProduct({ productId, ...rest, ...priced(retailPrice), ...(urls && { images: { urls } }), expectedVersion: ifMatch }, call);
        headers.header('ETag', etag(present(product).version));
        return productJson(present(product));
      },
    }),
    route({
      ...administered, method: 'DELETE', path: '/v1/products/{productId}', status: 204, summary: 'Retire a product: its markets close, open quotes are cancelled, running orders go on.', refusals: ['product.not_found'],
      params: ownParams, query: z.strictObject({ reason: freeText(200).optional() }),
      async handle({ params: { productId }, query, call }) {
        await products.retireProduct({ productId, reason: query.reason ?? 'retired by an admin' }, call);
        return undefined;
      },
    }),
  ];
}

function priced(price: z.output<typeof PriceJson> | undefined) {
  return price && { retailPrice: { minor: BigInt(price.amount), currency: price.currency } };
}

function productJson(product: Product): z.input<typeof ProductJson> {
  const { id, urlKey, brand, model, colorway, styleId, category: kind, description, retailPrice, releaseDate: released, imageUrls: images, markets, status, createdAt, version } = product;
  return {
    id, urlKey, brand, model, colorway, styleId, category: kind, description: orAbsent(description),
    ...(retailPrice && { retailPrice: amount(retailPrice) }), releaseDate: orAbsent(released), imageUrls: images,
    markets: markets.map(marketJson), status, createdAt: knownInstant(createdAt), version: safe(version),
  };
}

function marketJson({ id, size: label, condition, currency, tickMinor, minPriceMinor, maxPriceMinor, status }: Market): z.input<typeof ProductMarketJson> {
  return { id, size: label, condition, currency, tick: safe(tickMinor), minPrice: safe(minPriceMinor), maxPrice: safe(maxPriceMinor), status };
}
