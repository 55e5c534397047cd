import type { Filter } from '../../domain/search-query';

/** Parameters of one statement, numbered as they are named. */
export class Parameters {
  readonly values: unknown[] = [];

  /** The place of a value in the statement. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** How a text is looked up: what every document must hold, and what lifts it. */
export interface Lookup {
  /** In `tsquery`'s own form; absent: nothing was asked for. */
  readonly all?: string;
  /** The same without beginnings of words and likely spellings: what fits to the letter ranks higher. */
  readonly exact?: string;
  readonly brandKeys: readonly string[];
  readonly styleKeys: readonly string[];
}

export type FacetName = 'brand' | 'category' | 'size' | 'price';

/** Which documents fit, as conditions on `d`; a facet is counted as if nothing of its own were chosen. */
export function conditions(parameters: Parameters, lookup: Lookup, filter: Filter, except?: FacetName): string {
  const parts = ['d.edition = (select live from editions)', 'd.is_listed'];
  if (lookup.all !== undefined) {
    const styles = parameters.add(lookup.styleKeys, 'text[]');
    parts.push(`(d.lexemes @@ ${parameters.add(lookup.all, 'tsquery')} or d.style_key = any (${styles}))`);
  }
  if (filter.brands.length > 0 && except !== 'brand') parts.push(`d.brand = any (${parameters.add(filter.brands, 'text[]')})`);
  if (filter.categories.length > 0 && except !== 'category') parts.push(`d.category = any (${parameters.add(filter.categories, 'text[]')})`);
  if (filter.releasedFrom) parts.push(`d.release_date >= ${parameters.add(filter.releasedFrom, 'date')}`);
  if (filter.releasedTo) parts.push(`d.release_date <= ${parameters.add(filter.releasedTo, 'date')}`);
  const variant = variantConditions(parameters, filter, except);
  if (variant !== '') parts.push(`exists (select from document_variants v where v.edition = d.edition and v.product_id = d.product_id${variant})`);
  return parts.join(' and ');
}

/** Of one size `v`: it is among the chosen ones, and a pair of it is offered within the bounds. */
export function variantConditions(parameters: Parameters, { sizes, minPrice, maxPrice }: Filter, except?: FacetName): string {
  const parts: string[] = [];
  if (sizes.length > 0 && except !== 'size') parts.push(` and v.size = any (${parameters.add(sizes, 'text[]')})`);
  if (minPrice !== undefined && except !== 'price') parts.push(` and v.lowest_ask >= ${parameters.add(minPrice, 'bigint')}`);
  if (maxPrice !== undefined && except !== 'price') parts.push(` and v.lowest_ask <= ${parameters.add(maxPrice, 'bigint')}`);
  return parts.join('');
}
