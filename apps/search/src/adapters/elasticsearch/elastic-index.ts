import { type Client, errors, type estypes } from '@elastic/elasticsearch';
import type { WallClock } from '@libs/kernel/clock';
import { invariant } from '@libs/kernel/invariant';
import { type Count, type Facets, type Failure, type Hits, SearchIndex, type SuggestQuery, type Suggestions } from '../../application/ports';
import type { ProductDocument } from '../../domain/document';
import { brandsLike } from '../../domain/brands-like';
import { cursorInvalid, indexUnavailable } from '../../domain/errors';
import { type Filter, priceSteps, type SearchQuery, type Sort } from '../../domain/search-query';
import { fold, styleKeyOf } from '../../domain/words';
import { ANY_BRAND, sourceOf } from './document-source';
import { mappings, settings } from './mapping';
import { conditionsOf, filterOf, lifted, wanted } from './questions';

type Sorting = estypes.SortCombinations[];

const FACET_VALUES_MAX = 100;
const BRANDS_MAX = 1_000;
const CONFLICT = 409;
const SAME = 404;

/** The index in Elasticsearch: a versioned index behind an alias, documents under external versions. */
export class ElasticIndex extends SearchIndex {
  readonly form = 'elasticsearch';
  private readonly next: string;

  constructor(
    private readonly client: Client,
    private readonly alias: string,
    private readonly wall: WallClock,
  ) {
    super();
    this.next = `${alias}-next`;
  }

  async open(): Promise<boolean> {
    return this.asked(async () => {
      if (await this.client.indices.existsAlias({ name: this.alias })) return true;
      await this.create(this.alias);
      return false;
    });
  }

  /** To the index that answers, and to the one that is being built. Waits until what was written is found. */
  async write(documents: readonly ProductDocument[]): Promise<readonly Failure[]> {
    if (documents.length === 0) return [];
    return this.asked(async () => {
      const isBuilding = await this.client.indices.existsAlias({ name: this.next });
      const aliases = isBuilding ? [this.alias, this.next] : [this.alias];
      const operations = aliases.flatMap((alias) => documents.flatMap((document) => [{ index: { _index: alias, _id: document.id, version: document.version, version_type: 'external' as const, require_alias: true } }, sourceOf(document)]));
      const { items } = await this.client.bulk({ operations, refresh: 'wait_for' });
      return failuresIn(items.map(({ index }) => index), this.next);
    });
  }

  async search(query: SearchQuery): Promise<Hits> {
    const { after, text } = query;
    if (after && after.form !== this.form) throw cursorInvalid();
    return this.asked(async () => {
      if (!after?.isCorrected) {
        const hits = await this.hits(query, false);
        if (hits.total > 0 || after || text.trim() === '') return hits;
      }
      return this.hits(query, true);
    });
  }

  async suggest({ text, brand, limit }: SuggestQuery): Promise<Suggestions> {
    const styleKey = styleKeyOf(text);
    if (styleKey === '') return { styles: [], brands: [], products: [] };
    return this.asked(async () => {
      const filter = [{ term: { listed: true } }, ...(brand === undefined ? [] : [{ term: { brand } }])];
      const [styles, begun, brands] = await Promise.all([
        this.client.search({ index: this.alias, size: limit, _source: false, query: { bool: { filter: [...filter, { prefix: { style_key: styleKey } }] } }, sort: ['style_key'] }),
        this.client.search({
          index: this.alias, size: 0, _source: false,
          suggest: { products: { prefix: fold(text), completion: { field: 'suggest', size: limit, fuzzy: { fuzziness: 'AUTO', min_length: 4, prefix_length: 1 }, contexts: { brand: [{ context: brand ?? ANY_BRAND }] } } } },
        }),
        brand === undefined ? this.brands() : [],
      ]);
      const options = (begun.suggest?.products ?? []).flatMap((entry) => entry.options);
      // A completion's options carry the id of their document.
      const completed = [options].flat().map((option) => (option as { _id?: string })._id ?? '');
      const within = completed.length > 0 ? completed : (await this.hits({ text, filter: { brands: brand === undefined ? [] : [brand], categories: [], sizes: [] }, sort: 'relevance', limit }, false)).ids;
      return { styles: styles.hits.hits.map(idOf), brands: brandsLike(text, brands).slice(0, limit), products: within };
    });
  }

  async facets(text: string, filter: Filter): Promise<Facets> {
    return this.asked(async () => {
      const isCorrected = text.trim() !== '' && (await this.hits({ text, filter, sort: 'relevance', limit: 1 }, false)).total === 0;
      const { aggregations } = await this.client.search({ index: this.alias, size: 0, query: { bool: { must: [wanted(text, isCorrected)], filter: [{ term: { listed: true } }] } }, aggs: facetQuestions(filter) });
      return facetsIn(aggregations as unknown as FacetAnswers); // Of the very shape that was asked for just above.
    });
  }

  async brands(): Promise<readonly Count[]> {
    return this.asked(async () => {
      const { aggregations } = await this.client.search({ index: this.alias, size: 0, query: { term: { listed: true } }, aggs: { brands: { terms: { field: 'brand', size: BRANDS_MAX, order: { _key: 'asc' } } } } });
      return countsIn((aggregations as unknown as { brands: Buckets }).brands); // As above.
    });
  }

  async startOver(): Promise<void> {
    await this.asked(async () => {
      await this.dropBehind(this.next);
      await this.create(this.next);
    });
  }

  async adopt(): Promise<void> {
    await this.asked(async () => {
      const built = await this.behind(this.next);
      const [index] = built;
      if (index === undefined) return; // A former try has adopted it.
      await this.client.indices.refresh({ index });
      const old = (await this.behind(this.alias)).filter((name) => name !== index);
      await this.client.indices.updateAliases({
        actions: [...old.map((name) => ({ remove_index: { index: name } })), { add: { index, alias: this.alias, is_write_index: true } }, { remove: { index, alias: this.next } }],
      });
    });
  }

  private async hits({ text, filter, sort, limit, after }: SearchQuery, isCorrected: boolean): Promise<Hits> {
    const conditions = conditionsOf(filter);
    const { hits } = await this.client.search({
      index: this.alias, size: limit + 1, _source: false, track_total_hits: true,
      query: { bool: { must: [wanted(text, isCorrected)], should: lifted(text), filter: filterOf(conditions) } },
      sort: sortingOf(sort, [...conditions.variant.size, ...conditions.variant.price]),
      ...(after && { search_after: [...after.values] }),
    });
    const page = hits.hits.slice(0, limit);
    const last = hits.hits.length > limit ? page.at(-1) : undefined;
    const total = typeof hits.total === 'number' ? hits.total : (hits.total?.value ?? 0);
    return {
      ids: page.map(idOf), total, isCorrected: isCorrected && total > 0,
      // Sort values are numbers, texts or null for these fields.
      ...(last?.sort && { next: { form: this.form, isCorrected, values: last.sort as (number | string | null)[] } }),
    };
  }

  private async create(alias: string): Promise<void> {
    const index = `${this.alias}-${this.wall.now().getTime()}-${process.pid}`;
    await this.client.indices.create({ index, settings, mappings, aliases: { [alias]: { is_write_index: true } } });
  }

  private async dropBehind(alias: string): Promise<void> {
    for (const index of await this.behind(alias)) await this.client.indices.delete({ index, ignore_unavailable: true });
  }

  private async behind(alias: string): Promise<string[]> {
    const answer = await this.client.indices.getAlias({ name: alias }, { ignore: [SAME] });
    return Object.entries(answer).filter(([, entry]) => typeof entry === 'object' && entry !== null && 'aliases' in entry).map(([index]) => index);
  }

  /** Whatever keeps the engine from answering is one thing to the caller: it is not there at the moment. */
  private async asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof errors.ElasticsearchClientError) throw indexUnavailable(error.message);
      throw error;
    }
  }
}

/** A conflict is a newer version that is there already; an index that was just adopted takes the same through its other name. */
function failuresIn(items: readonly (estypes.BulkResponseItem | undefined)[], next: string): Failure[] {
  return items.flatMap((item) => {
    if (!item?.error || item.status === CONFLICT) return [];
    if (item.status === SAME && item.error.reason?.includes(next)) return [];
    return [{ id: item._id ?? '', reason: `${item.error.type}: ${item.error.reason ?? ''}` }];
  });
}

function idOf({ _id: id }: { readonly _id?: string }): string {
  invariant(id, 'a hit without an id');
  return id;
}

function sortingOf(sort: Sort, inVariant: estypes.QueryDslQueryContainer[]): Sorting {
  const price = (order: 'asc' | 'desc'): Sorting => [{
    'variants.lowest_ask': { order, mode: 'min', missing: '_last', nested: { path: 'variants', ...(inVariant.length > 0 && { filter: { bool: { filter: inVariant } } }) } },
  }];
  const by: Readonly<Record<Sort, Sorting>> = {
    relevance: [{ _score: { order: 'desc' } }, { sales: { order: 'desc' } }],
    lowest_ask: price('asc'),
    highest_ask: price('desc'),
    newest: [{ created_at: { order: 'desc' } }],
    release_date: [{ release_date: { order: 'desc', missing: '_last' } }],
    last_sale: [{ last_sold_at: { order: 'desc', missing: '_last' } }],
  };
  return [...by[sort], { id: { order: 'desc' } }];
}

interface Buckets {
  readonly buckets: readonly { readonly key: string; readonly doc_count: number; readonly products?: { readonly doc_count: number } }[];
}

interface FacetAnswers {
  readonly brand: { readonly values: Buckets };
  readonly category: { readonly values: Buckets };
  readonly size: { readonly variants: { readonly narrowed: { readonly values: Buckets } } };
  readonly price: { readonly variants: { readonly narrowed: Readonly<Record<string, { readonly products: { readonly doc_count: number } }>> } };
}

/** Each facet as if nothing of its own were chosen, counted by products. */
function facetQuestions(filter: Filter): Record<string, estypes.AggregationsAggregationContainer> {
  const conditions = conditionsOf(filter);
  const products = { products: { reverse_nested: {} } };
  const among = (except: 'brand' | 'category' | 'size' | 'price') => ({ bool: { filter: filterOf(conditions, except) } });
  const inVariants = (narrowing: estypes.QueryDslQueryContainer[], aggs: Record<string, estypes.AggregationsAggregationContainer>) => ({
    variants: { nested: { path: 'variants' }, aggs: { narrowed: { filter: { bool: { filter: narrowing } }, aggs } } },
  });
  const steps = priceSteps.map(({ min, max }) => [String(min), { filter: { range: { 'variants.lowest_ask': { gte: min, ...(max !== undefined && { lte: max }) } } }, aggs: products }] as const);
  return {
    brand: { filter: among('brand'), aggs: { values: { terms: { field: 'brand', size: FACET_VALUES_MAX } } } },
    category: { filter: among('category'), aggs: { values: { terms: { field: 'category', size: FACET_VALUES_MAX } } } },
    size: { filter: among('size'), aggs: inVariants(conditions.variant.price, { values: { terms: { field: 'variants.size', size: FACET_VALUES_MAX }, aggs: products } }) },
    price: { filter: among('price'), aggs: inVariants(conditions.variant.size, Object.fromEntries(steps)) },
  };
}

function facetsIn({ brand, category, size, price }: FacetAnswers): Facets {
  return {
    brands: mostFirst(countsIn(brand.values)), categories: mostFirst(countsIn(category.values)), sizes: mostFirst(countsIn(size.variants.narrowed.values)),
    prices: priceSteps.map(({ min }) => price.variants.narrowed[String(min)]?.products.doc_count ?? 0),
  };
}

function countsIn({ buckets }: Buckets): Count[] {
  return buckets.map(({ key, doc_count: count, products }) => ({ value: key, products: products?.doc_count ?? count }));
}

function mostFirst(counts: Count[]): Count[] {
  return counts.sort((a, b) => b.products - a.products || (a.value < b.value ? -1 : 1));
}
