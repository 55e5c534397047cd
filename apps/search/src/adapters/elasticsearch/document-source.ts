import type { ProductDocument } from '../../domain/document';
import { fold, keyOf, styleKeyOf } from '../../domain/words';

/** The context in which every product is suggested, since a question must name one. */
export const ANY_BRAND = '*';
const WEIGHT_MAX = 1_000_000;
const MINOR_UNITS = 100;

/** A document as the engine keeps it. */
export function sourceOf(document: ProductDocument): Record<string, unknown> {
  const { id, isListed, brand, model, colorway, styleId, category, description, variants, releaseDate, createdAt, lowestAsk, retailPrice, lastSoldAt, sales } = document;
  return {
    id, listed: isListed, brand, brand_key: keyOf(brand), model, colorway, style_id: styleId, style_key: styleKeyOf(styleId), category, description,
    sizes: variants.map(({ size }) => size),
    variants: variants.map(({ size, lowestAsk: ask }) => ({ size, ...(ask !== undefined && { lowest_ask: ask }) })),
    created_at: createdAt.toISOString(), sales,
    ...(releaseDate !== '' && { release_date: releaseDate }),
    ...(retailPrice !== undefined && { retail_price: retailPrice / MINOR_UNITS }),
    ...(lowestAsk !== undefined && { lowest_ask: lowestAsk, current_price: lowestAsk / MINOR_UNITS }),
    ...(lastSoldAt && { last_sold_at: lastSoldAt.toISOString() }),
    ...(isListed && { suggest: { input: beginningsOf(brand, model, colorway), weight: Math.min(WEIGHT_MAX, 1 + sales), contexts: { brand: [brand, ANY_BRAND] } } }),
  };
}

/** People begin with the brand, the model or the colour. */
function beginningsOf(...parts: readonly string[]): string[] {
  return [...new Set(parts.map((_, from) => fold(parts.slice(from).join(' ')).trim()).filter((input) => input !== ''))];
}
