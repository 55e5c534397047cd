import type { Market } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import type { MarketTerms } from '../domain/market';

/** What product's contract calls a market, in our words. */
export function termsOf(market: Market): MarketTerms {
  return {
    id: market.id,
    productId: market.productId,
    size: market.size,
    category: market.category,
    currency: market.currency,
    tick: Number(market.tickMinor),
    min: Number(market.minPriceMinor),
    max: Number(market.maxPriceMinor),
    retired: market.status === 'retired',
  };
}
