import { moneyToMessage } from '@libs/kernel/money';
import { timestampOf } from '@libs/kernel/timestamp';
import type { MarketOfCategory } from './ports';
import { type Product, retailPriceOf } from '../domain/product';

/** The product as answers and events show it: the same, whole, in both. */
export function productMessage(product: Product) {
  const retailPrice = retailPriceOf(product);
  return {
    id: product.id,
    brand: product.brand,
    model: product.model,
    colorway: product.colorway,
    category: product.category,
    styleId: product.styleId,
    description: product.description,
    releaseDate: product.releaseDate,
    imageUrls: [...product.imageUrls],
    markets: product.markets.map((market) => marketMessage({ ...market, category: product.category })),
    urlKey: product.urlKey,
    status: product.status,
    createdAt: timestampOf(product.createdAt),
    version: BigInt(product.version),
    ...(retailPrice && { retailPrice: moneyToMessage(retailPrice) }),
  };
}

export function marketMessage(market: MarketOfCategory) {
  return {
    id: market.id,
    productId: market.productId,
    size: market.size,
    condition: market.condition,
    currency: market.currency,
    tickMinor: BigInt(market.tickMinor),
    minPriceMinor: BigInt(market.minPriceMinor),
    maxPriceMinor: BigInt(market.maxPriceMinor),
    status: market.status,
    category: market.category,
  };
}
