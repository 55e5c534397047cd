export const sorts = ['relevance', 'lowest_ask', 'highest_ask', 'newest', 'release_date', 'last_sale'] as const;
export type Sort = (typeof sorts)[number];

/** What a product has to be. Lists mean any of their values; absent: no matter what. */
export interface Filter {
  readonly brands: readonly string[];
  readonly categories: readonly string[];
  readonly sizes: readonly string[];
  readonly minPrice?: number;
  readonly maxPrice?: number;
  readonly releasedFrom?: string;
  readonly releasedTo?: string;
}

export interface SearchQuery {
  readonly text: string;
  readonly filter: Filter;
  readonly sort: Sort;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: PagePlace;
}

/** The place of the last result in its order; only the form that made it can go on from there. */
export interface PagePlace {
  readonly form: FormName;
  /** Found under the likely spelling. */
  readonly isCorrected: boolean;
  /** What the order goes by, then the product. Null comes last. */
  readonly values: readonly (number | string | null)[];
}

export const forms = ['postgres', 'elasticsearch'] as const;
export type FormName = (typeof forms)[number];

/** Prices in steps that people think in, in minor units; the last one has no end. */
export const priceSteps: readonly { readonly min: number; readonly max?: number }[] = [
  { min: 1, max: 9_999 },
  { min: 10_000, max: 19_999 },
  { min: 20_000, max: 29_999 },
  { min: 30_000, max: 49_999 },
  { min: 50_000, max: 99_999 },
  { min: 100_000 },
];

/** Whether the answer changes with prices, and not with the catalogue alone. */
export function dependsOnPrices({ sort, filter }: Pick<SearchQuery, 'sort' | 'filter'>): boolean {
  return sort === 'lowest_ask' || sort === 'highest_ask' || sort === 'last_sale' || filter.minPrice !== undefined || filter.maxPrice !== undefined;
}
