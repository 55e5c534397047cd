import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type * as pb from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { money, moneyToMessage } from '@libs/kernel/money';
import { pageSize } from '@libs/kernel/page-size';
import type { Facets, SavedSearch } from '../../application/ports';
import type { ProductDocument, Variant } from '../../domain/document';
import { rangeInvalid, valueUnknown } from '../../domain/errors';
import { type Filter, priceSteps, type SearchQuery, type Sort, sorts } from '../../domain/search-query';

export function filterOf(message: pb.Filter | undefined): Filter {
  const { brands = [], categories = [], sizes = [], minPriceMinor = 0n, maxPriceMinor = 0n, releasedFrom = '', releasedTo = '' } = message ?? {};
  if (maxPriceMinor > 0n && minPriceMinor > maxPriceMinor) throw rangeInvalid('minPrice', 'maxPrice');
  if (releasedTo !== '' && releasedFrom > releasedTo) throw rangeInvalid('releasedFrom', 'releasedTo');
  return {
    brands, categories, sizes,
    ...(minPriceMinor > 0n && { minPrice: Number(minPriceMinor) }),
    ...(maxPriceMinor > 0n && { maxPrice: Number(maxPriceMinor) }),
    ...(releasedFrom !== '' && { releasedFrom: dayOf(releasedFrom, 'releasedFrom') }),
    ...(releasedTo !== '' && { releasedTo: dayOf(releasedTo, 'releasedTo') }),
  };
}

export function queryOf({ query: text, filter, sort, limit }: Pick<pb.SearchRequest, 'query' | 'filter' | 'sort' | 'limit'>): SearchQuery {
  return { text, filter: filterOf(filter), sort: sortOf(sort) || (text.trim() === '' ? 'newest' : 'relevance'), limit: pageSize(limit) };
}

export function sortOf(text: string): Sort | '' {
  const sort = sorts.find((known) => known === text);
  if (text !== '' && sort === undefined) throw valueUnknown('sort');
  return sort ?? '';
}

function dayOf(text: string, field: string): string {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  if (!day || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text) throw valueUnknown(field);
  return text;
}

export function cardMessage(document: ProductDocument): MessageInitShape<typeof pb.CardSchema> {
  const { id: productId, urlKey, brand, model, colorway, styleId, category, imageUrl, releaseDate, lastSoldAt, variants, currency, retailPrice, lowestAsk, lastSale } = document;
  return {
    productId, urlKey, brand, model, colorway, styleId, category, imageUrl, releaseDate,
    ...(retailPrice !== undefined && { retailPrice: moneyToMessage(money(currency, retailPrice)) }),
    ...prices({ lowestAsk, lastSale }, currency),
    ...(lastSoldAt && { lastSoldAt: timestampFromDate(lastSoldAt) }),
    markets: variants.map(({ marketId, size, ...priced }) => ({ marketId, size, ...prices(priced, currency) })),
  };
}

function prices({ lowestAsk, lastSale }: { lowestAsk?: Variant['lowestAsk'] | undefined; lastSale?: Variant['lastSale'] | undefined }, currency: string) {
  return {
    ...(lowestAsk !== undefined && { lowestAsk: moneyToMessage(money(currency, lowestAsk)) }),
    ...(lastSale !== undefined && { lastSale: moneyToMessage(money(currency, lastSale)) }),
  };
}

export function suggestionMessage({ id: productId, urlKey, brand, model, colorway, styleId, imageUrl, currency, lowestAsk }: ProductDocument): MessageInitShape<typeof pb.SuggestionSchema> {
  return { productId, urlKey, title: [brand, model, colorway].filter((part) => part !== '').join(' '), styleId, imageUrl, ...prices({ lowestAsk }, currency) };
}

export function facetsMessage({ brands, categories, sizes, prices: counts }: Facets): MessageInitShape<typeof pb.GetFacetsResponseSchema> {
  const messages = (values: Facets['brands']) => values.map(({ value, products }) => ({ value, products: BigInt(products) }));
  return {
    brands: messages(brands), categories: messages(categories), sizes: messages(sizes),
    prices: priceSteps.map(({ min, max = 0 }, i) => ({ minPriceMinor: BigInt(min), maxPriceMinor: BigInt(max), products: BigInt(counts[i] ?? 0) })),
  };
}

export function savedMessage({ id, name, text: query, filter, sort, createdAt }: SavedSearch): MessageInitShape<typeof pb.SavedSearchSchema> {
  const { brands, categories, sizes, minPrice = 0, maxPrice = 0, releasedFrom = '', releasedTo = '' } = filter;
  return {
    id, name, query, sort, createdAt: timestampFromDate(createdAt),
    filter: { brands: [...brands], categories: [...categories], sizes: [...sizes], minPriceMinor: BigInt(minPrice), maxPriceMinor: BigInt(maxPrice), releasedFrom, releasedTo },
  };
}
