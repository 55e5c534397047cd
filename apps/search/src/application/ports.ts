import type { Transaction } from '@libs/postgres/transaction';
import type { ProductDocument } from '../domain/document';
import type { Filter, FormName, PagePlace, SearchQuery, Sort } from '../domain/search-query';

export interface Hits {
  /** Best first. */
  readonly ids: readonly string[];
  readonly total: number;
  readonly isCorrected: boolean;
  readonly next?: PagePlace;
}

export interface Count {
  readonly value: string;
  readonly products: number;
}

export interface Facets {
  readonly brands: readonly Count[];
  readonly categories: readonly Count[];
  readonly sizes: readonly Count[];
  /** One for each of `priceSteps`, in their order. */
  readonly prices: readonly number[];
}

export interface SuggestQuery {
  readonly text: string;
  /** Of this brand alone. */
  readonly brand?: string;
  readonly limit: number;
}

export interface Suggestions {
  /** Products whose style id begins like the text, the exact one first. */
  readonly styles: readonly string[];
  readonly brands: readonly Count[];
  readonly products: readonly string[];
}

export interface Failure {
  readonly id: string;
  readonly reason: string;
}

/** What can be searched. Documents may come twice, late and in any order: the highest version stays. */
export abstract class SearchIndex {
  abstract readonly form: FormName;
  /** Makes what it stands on. Answers whether it was there already. */
  abstract open(): Promise<boolean>;
  /** Answers those that were not taken, with the reason; the others are there, or newer ones, and are found from now on. */
  abstract write(documents: readonly ProductDocument[]): Promise<readonly Failure[]>;
  abstract search(query: SearchQuery): Promise<Hits>;
  abstract suggest(query: SuggestQuery): Promise<Suggestions>;
  abstract facets(text: string, filter: Filter): Promise<Facets>;
  abstract brands(): Promise<readonly Count[]>;
  /** A new and empty index beside the one that answers. `write` goes to both until `adopt`; an earlier beginning is dropped. */
  abstract startOver(): Promise<void>;
  /** The new index answers from now on, the old one is gone. */
  abstract adopt(): Promise<void>;
}

/** The forms that this service keeps. The database's is always there: it answers when the other one cannot. */
export abstract class SearchForms {
  abstract readonly postgres: SearchIndex;
  abstract readonly preferred: SearchIndex;
  abstract readonly all: readonly SearchIndex[];
}

export interface ProductFacts {
  readonly id: string;
  readonly version: number;
  readonly isRetired: boolean;
  readonly brand: string;
  readonly model: string;
  readonly colorway: string;
  readonly styleId: string;
  readonly category: string;
  readonly description: string;
  readonly currency: string;
  readonly retailPrice?: number;
  readonly releaseDate: string;
  readonly imageUrl: string;
  readonly urlKey: string;
  readonly createdAt: Date;
  readonly markets: readonly { readonly id: string; readonly size: string; readonly isActive: boolean }[];
}

export interface AskFacts {
  readonly askId: string;
  readonly marketId: string;
  /** As of this step of the market. */
  readonly seq: number;
  readonly isOpen: boolean;
  readonly price: number;
}

export interface SaleFacts {
  readonly matchId: string;
  readonly marketId: string;
  readonly price: number;
  readonly at: Date;
}

export interface MarketSnapshot {
  readonly marketId: string;
  readonly seq: number;
  readonly asks: readonly { readonly askId: string; readonly price: number }[];
  readonly bustedMatchIds: readonly string[];
}

/**
 * What the owners have told us. Everything may come twice, late, and in any order between topics: a product is as of its version, an ask as of its
 * market's step, a sale counts once it is paid and unless it is bust. Each change marks its product for the index.
 */
export abstract class Facts {
  abstract product(tx: Transaction, product: ProductFacts): Promise<void>;
  /** For good: nothing brings it back. */
  abstract retired(tx: Transaction, productId: string): Promise<void>;
  abstract ask(tx: Transaction, ask: AskFacts): Promise<void>;
  abstract sold(tx: Transaction, sales: readonly SaleFacts[]): Promise<void>;
  abstract busted(tx: Transaction, matchId: string, marketId: string): Promise<void>;
  /** All that there is of these markets as of their steps: what is told of earlier steps afterwards is no news. */
  abstract markets(tx: Transaction, snapshots: readonly MarketSnapshot[]): Promise<void>;
  abstract forget(tx: Transaction): Promise<void>;
  /** Asks that closed so long ago that nothing of before can come any more. Answers whether there may be more. */
  abstract prune(): Promise<boolean>;
}

export interface Batch {
  readonly documents: readonly ProductDocument[];
  /** Whether more than prices has changed. */
  readonly isCatalogue: boolean;
  readonly marks: readonly { readonly target: string; readonly mark: number; readonly productId: string | null }[];
}

/** The documents, put together from the facts, and which of them each form has yet to be given. */
export abstract class Documents {
  /** From now on changes are marked for these forms. Answers those that were not kept before. */
  abstract keep(forms: readonly FormName[]): Promise<readonly FormName[]>;
  /** What a form has to be given next, under new versions; nothing while the facts are being collected anew. */
  abstract take(form: FormName, limit: number): Promise<Batch>;
  /** Forgets the marks that were taken, unless they were made anew meanwhile; those of failures are tried again later. */
  abstract given(form: FormName, batch: Batch, failures: readonly Failure[]): Promise<void>;
  /** Some products by id, under new versions; none after the last. */
  abstract page(after: string | undefined, limit: number): Promise<readonly ProductDocument[]>;
  /** As the facts are at this moment, in the order that was asked for; what is not listed is left out. */
  abstract now(ids: readonly string[]): Promise<readonly ProductDocument[]>;
  abstract pending(form: FormName): Promise<{ readonly count: number; readonly oldestSeconds: number }>;
}

export interface Trend {
  readonly productId: string;
  readonly sales: number;
}

export abstract class Trends {
  /** Most sold since then, then most lately sold, then newest. */
  abstract since(at: Date, limit: number): Promise<readonly Trend[]>;
}

/** Two counters for each form: what is remembered of answers holds as long as they stand. */
export abstract class Revisions {
  abstract of(form: FormName): Promise<{ readonly catalogue: number; readonly prices: number }>;
  abstract changed(form: FormName, isCatalogue: boolean): Promise<void>;
}

export type RebuildScope = 'all' | FormName;

export interface Rebuild {
  readonly id: number;
  readonly scope: RebuildScope;
  readonly phase: 'requested' | 'facts' | 'index' | 'done';
}

/** Rebuilds that were asked for. One at a time runs, in one process. */
export abstract class Rebuilds {
  /** The one that is not done yet, if there is one of this scope. */
  abstract request(scope: RebuildScope, at: Date): Promise<Rebuild>;
  /** Takes the next one, or the one whose process has died, for as long as a lease holds. */
  abstract claim(holder: string): Promise<Rebuild | undefined>;
  abstract renew(id: number, holder: string): Promise<void>;
  abstract enter(tx: Transaction | undefined, id: number, phase: Rebuild['phase']): Promise<void>;
  abstract isDone(id: number): Promise<boolean>;
  abstract pending(): Promise<number>;
}

/** The services that own what is found. */
export abstract class Owners {
  abstract products(cursor: string): Promise<{ readonly products: readonly ProductFacts[]; readonly next: string }>;
  abstract markets(after: string): Promise<readonly MarketSnapshot[]>;
  abstract sales(after: string): Promise<{ readonly sales: readonly SaleFacts[]; readonly last: string }>;
}

export interface SavedSearch {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly filter: Filter;
  readonly sort: Sort | '';
  readonly createdAt: Date;
}

export abstract class SavedSearches {
  abstract of(userId: string): Promise<readonly SavedSearch[]>;
  /** Answers false when the user keeps as many as `limit` already. */
  abstract add(userId: string, search: SavedSearch, limit: number): Promise<boolean>;
  abstract remove(userId: string, id: string): Promise<boolean>;
}

/** What was found a short while ago, by question and revision. */
export abstract class FoundCache {
  abstract get(key: string): Promise<string | undefined>;
  abstract put(key: string, value: string): Promise<void>;
}
