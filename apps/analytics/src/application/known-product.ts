import type { Product } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { moneyFromMessage } from '@libs/kernel/money';
import type { KnownProduct } from './ports';

/** What is kept here of a product, from its event or from its owner's list. */
export function knownProductOf({ id, brand, model, retailPrice, version, markets }: Product): KnownProduct {
  return {
    id, brand, model, version: Number(version),
    retail: retailPrice && moneyFromMessage(retailPrice),
    markets: markets.map(({ id: marketId, size, currency }) => ({ id: marketId, productId: id, size, currency })),
  };
}
