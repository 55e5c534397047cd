import { uuidOfOwn } from '@libs/kernel/ids';
import type { ProductDocument } from '../../domain/document';
import { isLiteral, keyOf, styleKeyOf, wordsOf } from '../../domain/words';

/** A document as the tables of the index hold it, in JSON. */
export function rowOf(document: ProductDocument) {
  const { brand, model, colorway, styleId, category, description, variants } = document;
  return {
    product_id: uuidOfOwn('prd', document.id),
    version: document.version,
    is_listed: document.isListed,
    brand,
    brand_key: keyOf(brand),
    style_key: styleKeyOf(styleId),
    category,
    title: [brand, model, colorway].filter((part) => part !== '').join(' '),
    release_date: document.releaseDate === '' ? null : document.releaseDate,
    created_at: document.createdAt.toISOString(),
    lowest_ask: document.lowestAsk ?? null,
    last_sold_at: document.lastSoldAt?.toISOString() ?? null,
    sales: document.sales,
    lexemes: lexemesOf([['A', `${brand} ${model}`], ['B', styleId], ['C', `${colorway} ${category}`], ['D', description]]),
    vocabulary: [...new Set(wordsOf(`${brand} ${model} ${colorway} ${category}`))].filter((word) => !isLiteral(word)),
    sizes: variants.map(({ size }) => size),
    asks: variants.map(({ lowestAsk }) => lowestAsk ?? null),
  };
}

const POSITION_MAX = 16_383;

/** In `tsvector`'s own form, by our own words, so that documents and questions are taken apart alike. */
function lexemesOf(parts: readonly (readonly [weight: string, text: string])[]): string {
  let position = 0;
  return parts.flatMap(([weight, text]) => wordsOf(text).map((word) => `'${word}':${Math.min(++position, POSITION_MAX)}${weight}`)).join(' ');
}
