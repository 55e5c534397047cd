import { type Card, type FacetCount, type Filter, type SavedSearch, SearchService, type Suggestion } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import type { MoneyMessage } from '@libs/kernel/money';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { amount, AmountJson, idOf, InstantJson, instant, knownInstant, line, orAbsent, page, pageOf, pageQuery, present, PRICE_MAX, queryInt, safe } from './json';
import { category } from './products';

const VALUES_MAX = 20;
const SUGGESTIONS_MAX = 20;
const TREND_MAX = 50;

const sort = z.enum(['relevance', 'lowest_ask', 'highest_ask', 'newest', 'release_date', 'last_sale']);
const price = z.int().min(1).max(PRICE_MAX).meta({ description: 'In minor units.' });
const text = line(200);
/** A parameter that comes once is a text, more than once a list. */
const several = (item: z.ZodType<string>) => z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(item).min(1).max(VALUES_MAX)).optional();
const queryPrice = queryInt(1, PRICE_MAX).optional();

const filterQuery = {
  q: text.optional(),
  brand: several(line(100)), category: several(category), size: several(line(10)),
  minPrice: queryPrice, maxPrice: queryPrice,
  releasedFrom: z.iso.date().optional(), releasedTo: z.iso.date().optional(),
};
const values = (item: z.ZodType<string>) => z.array(item).max(VALUES_MAX).optional();
const FilterJson = z.strictObject({
  brand: values(line(100)), category: values(category), size: values(line(10)),
  minPrice: price.optional(), maxPrice: price.optional(), releasedFrom: z.iso.date().optional(), releasedTo: z.iso.date().optional(),
});
const NewSavedSearch = z.strictObject({ name: line(100), q: text.optional(), filter: FilterJson.optional(), sort: sort.optional() });

const CardMarketJson = z.object({ marketId: z.string(), size: z.string(), lowestAsk: AmountJson.optional(), lastSale: AmountJson.optional() });
const CardJson = z.object({
  productId: z.string(), urlKey: z.string(), brand: z.string(), model: z.string(), colorway: z.string(), styleId: z.string(), category: z.string(), imageUrl: z.string().optional(),
  releaseDate: z.string().optional(), retailPrice: AmountJson.optional(), lowestAsk: AmountJson.optional(), lastSale: AmountJson.optional(), lastSaleAt: InstantJson.optional(), markets: z.array(CardMarketJson),
});
const degraded = z.boolean().meta({ description: 'The search engine is out of reach: the database has answered, with less finesse.' });
const FoundJson = pageOf(CardJson).extend({ total: z.int(), corrected: z.boolean().meta({ description: 'Nothing was found as it was written: these are for the likely spelling.' }), degraded });
const SuggestionJson = z.object({ productId: z.string(), urlKey: z.string(), title: z.string(), styleId: z.string(), imageUrl: z.string().optional(), lowestAsk: AmountJson.optional() });
const BrandJson = z.object({ brand: z.string(), products: z.int() });
const SuggestedJson = z.object({ styles: z.array(SuggestionJson), brands: z.array(BrandJson), products: z.array(SuggestionJson), degraded });
const CountJson = z.object({ value: z.string(), products: z.int() });
const FacetsJson = z.object({ brands: z.array(CountJson), categories: z.array(CountJson), sizes: z.array(CountJson), prices: z.array(z.object({ minPrice: z.int(), maxPrice: z.int().optional(), products: z.int() })), degraded });
const TrendJson = CardJson.extend({ salesLast72Hours: z.int() });
const SavedSearchJson = z.object({ id: z.string(), name: z.string(), q: z.string().optional(), filter: FilterJson, sort: z.string().optional(), createdAt: InstantJson });

const shown = { tag: 'Catalog', access: { roles: 'public' }, cacheControl: 'public, max-age=5, stale-while-revalidate=30', status: 200 } as const;
const mine = { tag: 'Catalog', access: { roles: 'signed_in' } } as const;

export function catalogRoutes(rpc: Rpc): Route[] {
  const search = rpc.client(SearchService);
  return [
    route({
      ...shown, method: 'GET', path: '/v1/catalog/search', summary: 'Find products by words, style id or brand; repeat `brand`, `category` and `size` for any of several.', refusals: ['search.cursor_invalid', 'search.value_unknown', 'search.range_invalid'],
      query: z.strictObject({ ...pageQuery, ...filterQuery, sort: sort.optional() }), answer: FoundJson,
      async handle({ query: { q = '', limit, cursor = '', sort: by = '', ...filter } }) {
        const { cards, nextCursor, total, corrected, degraded: isDegraded } = await search.search({ query: q, filter: filterOf(filter), sort: by, limit, cursor });
        return { ...page(cards.map(cardJson), nextCursor), total: safe(total), corrected, degraded: isDegraded };
      },
    }),
    route({
      ...shown, method: 'GET', path: '/v1/catalog/autocomplete', summary: 'What somebody who is writing may mean: style ids, brands and products.',
      query: z.strictObject({ q: text, brand: line(100).optional(), limit: queryInt(1, SUGGESTIONS_MAX).default(8) }), answer: SuggestedJson,
      async handle({ query: { q, brand = '', limit } }) {
        const { styles, brands, products, degraded: isDegraded } = await search.autocomplete({ text: q, brand, limit });
        return { styles: styles.map(suggestionJson), brands: brands.map((one) => ({ brand: one.brand, products: safe(one.products) })), products: products.map(suggestionJson), degraded: isDegraded };
      },
    }),
    route({
      ...shown, method: 'GET', path: '/v1/catalog/facets', summary: 'How many products each further choice would show.', refusals: ['search.value_unknown', 'search.range_invalid'],
      query: z.strictObject(filterQuery), answer: FacetsJson,
      async handle({ query: { q = '', ...filter } }) {
        const { brands, categories, sizes, prices, degraded: isDegraded } = await search.getFacets({ query: q, filter: filterOf(filter) });
        const steps = prices.map(({ minPriceMinor, maxPriceMinor, products }) => ({ minPrice: safe(minPriceMinor), ...(maxPriceMinor > 0n && { maxPrice: safe(maxPriceMinor) }), products: safe(products) }));
        return { brands: brands.map(countJson), categories: categories.map(countJson), sizes: sizes.map(countJson), prices: steps, degraded: isDegraded };
      },
    }),
    route({
      ...shown, method: 'GET', path: '/v1/catalog/trending', summary: 'What sold most in the last 72 hours.',
      query: z.strictObject({ limit: queryInt(1, TREND_MAX).default(20) }), answer: z.object({ data: z.array(TrendJson) }),
      async handle({ query: { limit } }) {
        const { trends } = await search.getTrending({ limit });
        return { data: trends.map(({ card, salesLast72Hours }) => ({ ...cardJson(present(card)), salesLast72Hours })) };
      },
    }),
    route({
      ...shown, method: 'GET', path: '/v1/catalog/brands', summary: 'The brands, with the number of their products.', answer: z.object({ data: z.array(BrandJson) }),
      async handle() {
        const { brands } = await search.getBrands({});
        return { data: brands.map(({ brand, products }) => ({ brand, products: safe(products) })) };
      },
    }),
    ...savedRoutes(rpc),
    route({
      tag: 'Admin', access: { roles: ['admin'] }, method: 'POST', path: '/v1/admin/search/reindex', status: 202, summary: 'Rebuild the index from its owners, beside the one that answers meanwhile.',
      answer: z.object({ rebuildId: z.int(), phase: z.string() }),
      async handle({ call }) {
        const { rebuildId, phase } = await search.reindex({}, call);
        return { rebuildId: safe(rebuildId), phase };
      },
    }),
  ];
}

function savedRoutes(rpc: Rpc): Route[] {
  const search = rpc.client(SearchService);
  return [
    route({
      ...mine, method: 'GET', path: '/v1/catalog/saved-searches', status: 200, summary: 'One\'s saved searches, the latest first.', answer: z.object({ data: z.array(SavedSearchJson) }),
      async handle({ call }) {
        const { searches } = await search.getSavedSearches({}, call);
        return { data: searches.map(savedJson) };
      },
    }),
    route({
      ...mine, method: 'POST', path: '/v1/catalog/saved-searches', status: 201, summary: 'Save a search.', refusals: ['search.too_many_saved', 'search.range_invalid'],
      body: NewSavedSearch, answer: SavedSearchJson,
      async handle({ body: { name, q = '', filter = {}, sort: by = '' }, call }) {
        const { search: saved } = await search.saveSearch({ name, query: q, filter: filterOf(filter), sort: by }, call);
        return savedJson(present(saved));
      },
    }),
    route({
      ...mine, method: 'DELETE', path: '/v1/catalog/saved-searches/{searchId}', status: 204, summary: 'Forget a saved search.', refusals: ['search.saved_not_found'],
      params: z.strictObject({ searchId: idOf('sav') }),
      async handle({ params: { searchId }, call }) {
        await search.deleteSavedSearch({ searchId }, call);
        return undefined;
      },
    }),
  ];
}

function filterOf({ brand = [], category: categories = [], size = [], minPrice = 0, maxPrice = 0, releasedFrom = '', releasedTo = '' }: z.output<typeof FilterJson>) {
  return { brands: brand, categories, sizes: size, minPriceMinor: BigInt(minPrice), maxPriceMinor: BigInt(maxPrice), releasedFrom, releasedTo };
}

function filterJson({ brands, categories, sizes, minPriceMinor, maxPriceMinor, releasedFrom, releasedTo }: Filter): z.input<typeof FilterJson> {
  return {
    ...(brands.length > 0 && { brand: brands }), ...(categories.length > 0 && { category: categories }), ...(sizes.length > 0 && { size: sizes }),
    ...(minPriceMinor > 0n && { minPrice: safe(minPriceMinor) }), ...(maxPriceMinor > 0n && { maxPrice: safe(maxPriceMinor) }),
    releasedFrom: orAbsent(releasedFrom), releasedTo: orAbsent(releasedTo),
  };
}

const optionalAmount = (money: MoneyMessage | undefined) => money && amount(money);

function cardJson({ productId, urlKey, brand, model, colorway, styleId, category: kind, imageUrl, releaseDate, retailPrice, lowestAsk, lastSale, lastSoldAt, markets }: Card): z.input<typeof CardJson> {
  return {
    productId, urlKey, brand, model, colorway, styleId, category: kind, imageUrl: orAbsent(imageUrl), releaseDate: orAbsent(releaseDate),
    retailPrice: optionalAmount(retailPrice), lowestAsk: optionalAmount(lowestAsk), lastSale: optionalAmount(lastSale), lastSaleAt: instant(lastSoldAt),
    markets: markets.map((market) => ({ marketId: market.marketId, size: market.size, lowestAsk: optionalAmount(market.lowestAsk), lastSale: optionalAmount(market.lastSale) })),
  };
}

function suggestionJson({ productId, urlKey, title, styleId, imageUrl, lowestAsk }: Suggestion): z.input<typeof SuggestionJson> {
  return { productId, urlKey, title, styleId, imageUrl: orAbsent(imageUrl), lowestAsk: optionalAmount(lowestAsk) };
}

function countJson({ value, products }: FacetCount): z.input<typeof CountJson> {
  return { value, products: safe(products) };
}

function savedJson({ id, name, query, filter, sort: by, createdAt }: SavedSearch): z.input<typeof SavedSearchJson> {
  return { id, name, q: orAbsent(query), filter: filterJson(present(filter)), sort: orAbsent(by), createdAt: knownInstant(createdAt) };
}
