import type { Product } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { invariant } from '@libs/kernel/invariant';
import type { ProductFacts } from './ports';

const BEFORE_CATEGORIES = 'sneakers';

/** A product as its owner tells it, in events and in answers alike. */
export function productFactsOf(product: Product): ProductFacts {
  const { id, brand, model, colorway, styleId, description, retailPrice, releaseDate, imageUrls, markets, urlKey, status, createdAt, version, category } = product;
  invariant(createdAt, `product ${id} without the instant of its creation`);
  return {
    id, brand, model, colorway, styleId, description, releaseDate, urlKey,
    version: Number(version), isRetired: status === 'retired', category: category || BEFORE_CATEGORIES, imageUrl: imageUrls[0] ?? '',
    currency: retailPrice?.currency ?? markets[0]?.currency ?? '',
    createdAt: new Date(Number(createdAt.seconds) * 1_000 + Math.floor(createdAt.nanos / 1_000_000)),
    markets: markets.map((market) => ({ id: market.id, size: market.size, isActive: market.status === 'active' })),
    ...(retailPrice && { retailPrice: Number(retailPrice.minor) }),
  };
}
