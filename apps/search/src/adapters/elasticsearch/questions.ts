import type { estypes } from '@elastic/elasticsearch';
import { wantedOf } from '../../domain/query';
import type { Filter } from '../../domain/search-query';
import { isLiteral, TYPO_FROM, typosIn } from '../../domain/words';

type Clause = estypes.QueryDslQueryContainer;

const FIELDS = ['brand_words^4', 'model^4', 'style_id^3', 'colorway^2', 'category_words', 'description^0.3'];
const BEGUN = ['brand_words.begun', 'model.begun', 'style_id.begun', 'colorway.begun', 'category_words.begun'];
const TWO_FROM = 6;

/** What somebody wrote, as the engine is asked: every word has to be found somewhere, the exact style id and the exact brand come first. */
export function wanted(text: string, isCorrected: boolean): Clause {
  const { words, styleKeys } = wantedOf(text);
  if (words.length === 0) return { match_all: {} };
  return {
    bool: {
      minimum_should_match: 1,
      should: [
        { bool: { must: words.map((word) => oneWord(word, isCorrected)) } },
        { constant_score: { filter: { terms: { style_key: [...styleKeys] } }, boost: 1_000_000 } },
      ],
    },
  };
}

/** What comes besides, and is no condition. */
export function lifted(text: string): Clause[] {
  const { brandKeys } = wantedOf(text);
  return brandKeys.length === 0 ? [] : [{ constant_score: { filter: { terms: { brand_key: [...brandKeys] } }, boost: 1_000 } }];
}

function oneWord(word: string, isCorrected: boolean): Clause {
  const exact: Clause = { multi_match: { query: word, fields: FIELDS, type: 'best_fields', operator: 'and', boost: 3 } };
  // Synonyms of several words stand in several fields at times: Air is of the brand, Jordan of the model.
  const should: Clause[] = [exact, { multi_match: { query: word, fields: FIELDS, type: 'cross_fields', operator: 'and', analyzer: 'asked' } }];
  if (!isLiteral(word)) should.push({ multi_match: { query: word, fields: BEGUN, type: 'best_fields' } });
  if (isCorrected && typosIn(word) > 0) should.push({ multi_match: { query: word, fields: FIELDS.slice(0, -1), analyzer: 'words', fuzziness: `AUTO:${TYPO_FROM},${TWO_FROM}`, max_expansions: 50 } });
  return { dis_max: { queries: should } };
}

/** One condition for each choice, by the facet that it belongs to. */
export interface Conditions {
  readonly brand: Clause[];
  readonly category: Clause[];
  readonly variant: { readonly size: Clause[]; readonly price: Clause[] };
  readonly always: Clause[];
}

export function conditionsOf({ brands, categories, sizes, minPrice, maxPrice, releasedFrom, releasedTo }: Filter): Conditions {
  const bounds = { ...(minPrice !== undefined && { gte: minPrice }), ...(maxPrice !== undefined && { lte: maxPrice }) };
  const days = { ...(releasedFrom && { gte: releasedFrom }), ...(releasedTo && { lte: releasedTo }) };
  return {
    brand: brands.length > 0 ? [{ terms: { brand: [...brands] } }] : [],
    category: categories.length > 0 ? [{ terms: { category: [...categories] } }] : [],
    variant: {
      size: sizes.length > 0 ? [{ terms: { 'variants.size': [...sizes] } }] : [],
      price: Object.keys(bounds).length > 0 ? [{ range: { 'variants.lowest_ask': bounds } }] : [],
    },
    always: [{ term: { listed: true } }, ...(Object.keys(days).length > 0 ? [{ range: { release_date: days } }] : [])],
  };
}

/** All conditions, but those of one facet. */
export function filterOf({ brand, category, variant, always }: Conditions, except?: 'brand' | 'category' | 'size' | 'price'): Clause[] {
  const inVariant = [...(except === 'size' ? [] : variant.size), ...(except === 'price' ? [] : variant.price)];
  return [
    ...always,
    ...(except === 'brand' ? [] : brand),
    ...(except === 'category' ? [] : category),
    ...(inVariant.length > 0 ? [{ nested: { path: 'variants', query: { bool: { filter: inVariant } } } }] : []),
  ];
}
