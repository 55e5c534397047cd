import type { Money } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';

export interface Watchlist {
  readonly id: string;
  readonly name: string;
  readonly marketIds: readonly string[];
  readonly createdAt: Date;
}

export abstract class Watchlists {
  abstract all(userId: string): Promise<Watchlist[]>;
  /** Under the user's lock, until the end of `tx`: counts do not grow meanwhile. */
  abstract lockedOf(tx: Transaction, userId: string): Promise<Watchlist[]>;
  abstract create(tx: Transaction, userId: string, list: Omit<Watchlist, 'marketIds'>): Promise<void>;
  abstract rename(tx: Transaction, id: string, name: string): Promise<void>;
  abstract remove(tx: Transaction, id: string): Promise<void>;
  abstract put(tx: Transaction, id: string, marketId: string, at: Date): Promise<void>;
  abstract take(tx: Transaction, id: string, marketId: string): Promise<void>;
}

export interface PriceAlert {
  readonly id: string;
  readonly marketId: string;
  readonly threshold: Money;
  readonly createdAt: Date;
}

export abstract class PriceAlerts {
  abstract all(userId: string): Promise<PriceAlert[]>;
  abstract lockedOf(tx: Transaction, userId: string): Promise<PriceAlert[]>;
  abstract create(tx: Transaction, userId: string, alert: PriceAlert): Promise<void>;
  abstract change(tx: Transaction, id: string, threshold: Money): Promise<void>;
  abstract remove(tx: Transaction, id: string): Promise<void>;
}

export type Source = 'order' | 'manual' | 'import';

export interface PortfolioItem {
  readonly id: string;
  readonly marketId: string;
  readonly productId: string;
  readonly size: string;
  readonly cost: Money;
  readonly acquiredAt: Date;
  readonly source: Source;
  readonly orderId: string | undefined;
  readonly note: string;
  readonly sold: Sale | undefined;
}

export interface Sale {
  readonly proceeds: Money;
  readonly at: Date;
  /** Absent: entered by hand. */
  readonly orderId?: string;
}

export interface NewItem {
  readonly id: string;
  readonly marketId: string;
  readonly cost: Money;
  readonly acquiredAt: Date;
  readonly source: Source;
  readonly orderId?: string;
  readonly note: string;
  readonly sold?: Sale | undefined;
  /** The id under which an imported item stood in its text. */
  readonly carriedId?: string | undefined;
}

export interface ImportAnswer {
  readonly imported: number;
  readonly alreadyThere: number;
  readonly errors: readonly { readonly line: number; readonly detail: string }[];
}

export abstract class Portfolio {
  /** Newest first. */
  abstract page(userId: string, limit: number, before: string | undefined): Promise<PortfolioItem[]>;
  abstract all(userId: string): Promise<PortfolioItem[]>;
  abstract find(tx: Transaction, userId: string, id: string): Promise<PortfolioItem | undefined>;
  /** Under the user's lock, until the end of `tx`. */
  abstract countLocked(tx: Transaction, userId: string): Promise<number>;
  /** An order fills one item, once. */
  abstract add(tx: Transaction, userId: string, items: readonly NewItem[]): Promise<void>;
  /** Those of `ids` that are this user's: as they are, or as they once came in a text. */
  abstract among(tx: Transaction, userId: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  abstract change(tx: Transaction, id: string, item: Pick<PortfolioItem, 'cost' | 'acquiredAt' | 'note' | 'sold'>): Promise<void>;
  abstract remove(tx: Transaction, id: string): Promise<void>;
  /** The longest-owned unsold item of this market leaves: first in, first out. Without one that was owned by then nothing happens. */
  abstract sell(tx: Transaction, userId: string, sale: { readonly marketId: string; readonly proceeds: Money; readonly at: Date; readonly orderId: string }): Promise<void>;
  abstract importOf(tx: Transaction, userId: string, key: string): Promise<{ readonly hash: string; readonly answer: ImportAnswer } | undefined>;
  abstract keepImport(tx: Transaction, userId: string, key: string, kept: { readonly hash: string; readonly answer: ImportAnswer }): Promise<void>;
  /** Answers older than a day: their keys are not sent again. */
  abstract forgetImports(): Promise<void>;
}
