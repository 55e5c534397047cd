import { Injectable } from '@nestjs/common';
import { Metrics } from '@libs/chassis/metrics';
import type { ProductDocument } from '../domain/document';
import { meansNothing } from '../domain/query';
import { dependsOnPrices, type Filter, type PagePlace, type SearchQuery } from '../domain/search-query';
import { AskIndex } from './ask-index';
import { type Count, Documents, type Facets, FoundCache, type Hits, Revisions } from './ports';

export interface Found {
  readonly documents: readonly ProductDocument[];
  readonly total: number;
  readonly isCorrected: boolean;
  readonly isDegraded: boolean;
  readonly next?: PagePlace;
}

/** Which products fit is remembered for a while; their prices are always those of this moment. */
@Injectable()
export class FindProducts {
  private readonly requests;

  constructor(
    private readonly asking: AskIndex,
    private readonly documents: Documents,
    private readonly revisions: Revisions,
    private readonly cache: FoundCache,
    metrics: Metrics,
  ) {
    this.requests = metrics.counter('cache_requests_total', 'Questions to a cache, by whether it had the answer.', ['cache', 'hit']);
  }

  async search(query: SearchQuery): Promise<Found> {
    if (meansNothing(query.text)) return { documents: [], total: 0, isCorrected: false, isDegraded: false };
    const key = { kind: 'search', query };
    const { answer, isDegraded } = await this.remembered<Hits>(key, dependsOnPrices(query), (index) => index.search(query));
    const { ids, ...rest } = answer;
    return { ...rest, isDegraded, documents: await this.documents.now(ids) };
  }

  /** Prices are a facet, so any change of them may change an answer. */
  async facets(text: string, filter: Filter): Promise<Facets & { isDegraded: boolean }> {
    if (meansNothing(text)) return { brands: [], categories: [], sizes: [], prices: [], isDegraded: false };
    const { answer, isDegraded } = await this.remembered<Facets>({ kind: 'facets', text, filter }, true, (index) => index.facets(text, filter));
    return { ...answer, isDegraded };
  }

  async brands(): Promise<readonly Count[]> {
    return (await this.remembered<readonly Count[]>({ kind: 'brands' }, false, (index) => index.brands())).answer;
  }

  /** The revision is read before the question is asked: what is remembered is at least as new as its key says. */
  private async remembered<T>(question: object, isOfPrices: boolean, ask: Parameters<AskIndex['ask']>[0]): Promise<{ answer: T; isDegraded: boolean }> {
    const form = this.asking.likely;
    const { catalogue, prices } = await this.revisions.of(form);
    const key = JSON.stringify([form, catalogue, isOfPrices ? prices : '', question]);
    const kept = await this.cache.get(key);
    this.requests.inc({ cache: 'search', hit: String(kept !== undefined) });
    // What was put there by the line below.
    if (kept !== undefined) return { answer: JSON.parse(kept) as T, isDegraded: false };
    const asked = await this.asking.ask(ask);
    if (!asked.isDegraded && asked.form === form) await this.cache.put(key, JSON.stringify(asked.answer));
    return { answer: asked.answer as T, isDegraded: asked.isDegraded }; // `ask` answers what its caller names.
  }
}
