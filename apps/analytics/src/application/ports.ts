import type { Transaction } from '@libs/postgres/transaction';
import type { Money } from '@libs/kernel/money';
import type { Candle, Interval, Range, Scope } from '../domain/candle';

export interface MatchedFact {
  readonly matchId: string;
  readonly marketId: string;
  /** The match's number in its market's book: unique in the market, and the order of two sales of one instant. */
  readonly marketSeq: number;
}

export interface PaidFact {
  readonly matchId: string;
  readonly orderId: string;
  readonly marketId: string;
  readonly productId: string;
  readonly size: string;
  readonly buyerId: string;
  readonly sellerId: string;
  readonly price: Money;
  readonly soldAt: Date;
}

export interface Sale {
  readonly matchId: string;
  readonly marketId: string;
  readonly productId: string;
  readonly size: string;
  readonly price: number;
  readonly currency: string;
  readonly soldAt: Date;
  readonly sequence: number;
}

/** Both sides of a sale, for what they own. */
export interface Dealt extends PaidFact {
  readonly isSale: boolean;
}

/** Trades as the facts say that have come so far. A fact is set once; any order of them ends in the same trade. */
export abstract class Trades {
  abstract matched(tx: Transaction, fact: MatchedFact): Promise<void>;
  abstract paid(tx: Transaction, fact: PaidFact): Promise<void>;
  abstract busted(tx: Transaction, fact: Omit<MatchedFact, 'marketSeq'>): Promise<void>;
  /** The brand of a product is known from now on; answers the trades that lacked it. */
  abstract branded(tx: Transaction, productId: string, brand: string): Promise<readonly string[]>;
  abstract ofOrder(tx: Transaction, orderId: string): Promise<Dealt | undefined>;
}

export interface SalePlace {
  readonly soldAt: Date;
  readonly sequence: number;
}

/** Sales one by one, newest first. */
export abstract class Sales {
  abstract page(marketId: string, limit: number, before?: SalePlace): Promise<Sale[]>;
  abstract recent(limit: number): Promise<Sale[]>;
  /** The last sale of each of these markets that has one. */
  abstract lastOf(marketIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** Where charts are read. Each form gives the same candles to the cent. */
export abstract class PriceHistory {
  /** Of whole buckets; those without a sale are left out. */
  abstract candles(scope: Scope, interval: Interval, range: Range): Promise<Candle[]>;
}

/** What has changed in trades, as a history elsewhere has to write it. */
export interface HistoryBatch {
  readonly sales: readonly Sale[];
  readonly gone: readonly (SalePlace & { readonly marketId: string })[];
  /** The finest candles that these trades are or were in, as they are now; without `candle` the bucket is empty. */
  readonly buckets: readonly { readonly scope: Scope; readonly start: Date; readonly candle: Candle | undefined }[];
}

/** A history that is kept elsewhere: a projection of the trades, which can be thrown away and written anew. */
export abstract class RemoteHistory extends PriceHistory {
  /** Names where it writes: what was written to another place is not there. */
  abstract readonly target: string;
  /** Resolves when all of it is confirmed. The same batch again changes nothing. */
  abstract write(batch: HistoryBatch): Promise<void>;
  abstract clear(): Promise<void>;
}

/** The history that answers, and the trades' own tables, which always can. */
export abstract class Histories {
  abstract readonly local: PriceHistory;
  abstract readonly remote: RemoteHistory | undefined;
}

export interface Unwritten {
  readonly matchId: string;
  readonly n: number;
}

/** Trades that the remote history has yet to hear of. */
export abstract class UnwrittenTrades {
  abstract add(tx: Transaction, matchIds: readonly string[]): Promise<void>;
  /** All that there is, and counts as long overdue: for a history that begins empty. No writer writes until the end of `tx`. */
  abstract addAll(tx: Transaction): Promise<void>;
  /** The oldest, for one writer at a time: nobody else gets any until the end of `tx`. */
  abstract take(tx: Transaction, limit: number): Promise<{ readonly rows: readonly Unwritten[]; readonly batch: HistoryBatch }>;
  /** What has changed again meanwhile stays. */
  abstract done(tx: Transaction, rows: readonly Unwritten[]): Promise<void>;
  abstract count(): Promise<number>;
  /** Whether something has waited for more than `seconds`. */
  abstract isBehind(seconds: number): Promise<boolean>;
  /** Remembers where trades are written; answers whether that is new. Nowhere: nothing needs to wait. */
  abstract settleOn(tx: Transaction, target: string | undefined): Promise<boolean>;
}

export interface KnownProduct {
  readonly id: string;
  readonly brand: string;
  readonly model: string;
  readonly retail: Money | undefined;
  readonly version: number;
  readonly markets: readonly KnownMarket[];
}

export interface KnownMarket {
  readonly id: string;
  readonly productId: string;
  readonly size: string;
  readonly currency: string;
}

/** Products and markets, as their owner has told. */
export abstract class Catalogue {
  /** What is older than what is known changes nothing. */
  abstract learn(tx: Transaction, product: KnownProduct): Promise<void>;
  abstract market(id: string): Promise<KnownMarket | undefined>;
  abstract marketsOf(productId: string): Promise<KnownMarket[]>;
  abstract knows(ids: readonly string[]): Promise<ReadonlyMap<string, KnownMarket>>;
}

export interface AskWord {
  readonly askId: string;
  readonly marketId: string;
  readonly price: Money;
  readonly isOpen: boolean;
  readonly expiresAt: Date | undefined;
  /** An older word than the last on this ask changes nothing. */
  readonly marketSeq: number;
}

export interface LowestAskChange {
  readonly marketId: string;
  readonly productId: string;
  readonly size: string;
  readonly now: Money | undefined;
  readonly before: Money | undefined;
  readonly highest: number | undefined;
}

/** The asks in the books, by the events of both topics, and what the lowest of each market was. */
export abstract class Asks {
  abstract note(tx: Transaction, word: AskWord): Promise<void>;
  /** Looks at the lowest ask of markets that were stirred or whose lowest has expired, keeps it, and answers those that changed. */
  abstract lookAgain(tx: Transaction, limit: number, now: Date): Promise<{ readonly looked: number; readonly changes: readonly LowestAskChange[] }>;
  abstract lowest(marketId: string, now: Date): Promise<Money | undefined>;
  abstract forget(before: Date): Promise<void>;
  /** Asks that have long been out of the books; answers whether there may be more. */
  abstract forgetClosed(): Promise<boolean>;
  abstract stirred(): Promise<number>;
}

/** Who follows a market. */
export abstract class Watchers {
  abstract thresholds(tx: Transaction, marketId: string): Promise<{ readonly userId: string; readonly threshold: number }[]>;
  abstract ofMarket(tx: Transaction, marketId: string): Promise<string[]>;
  /** Those of `userIds` who have not been told of this market since `quietSince`, who count as told from now on. */
  abstract claim(tx: Transaction, userIds: readonly string[], told: { readonly marketId: string; readonly at: Date; readonly quietSince: Date }): Promise<string[]>;
  /** Who was told before then may be told again in any case. */
  abstract forget(before: Date): Promise<void>;
}

export interface RebuildOutcome {
  readonly beforeHash: string;
  readonly afterHash: string;
  readonly changed: number;
}

/** The projection built anew beside the one that is read, from what the owners of its facts say. */
export abstract class Rebuilding {
  /** The one that was asked for or begun. From then on each new fact goes to both. */
  abstract begin(): Promise<string | undefined>;
  abstract gatherMatches(matches: readonly (MatchedFact & { readonly isBust: boolean })[]): Promise<void>;
  abstract gatherPaid(orders: readonly PaidFact[]): Promise<void>;
  abstract gatherAsks(asks: readonly Omit<AskWord, 'isOpen'>[]): Promise<void>;
  /** Makes the one that is read equal to the new one, row by row. */
  abstract finish(tx: Transaction, id: string): Promise<RebuildOutcome>;
  abstract fail(id: string, why: string): Promise<void>;
  abstract hash(): Promise<string>;
}

/** The owners of what is projected here. */
export abstract class Owners {
  abstract matches(after: string, limit: number): Promise<(MatchedFact & { readonly isBust: boolean })[]>;
  abstract paidOrders(after: string, limit: number): Promise<PaidFact[]>;
  abstract openAsks(after: string, limit: number): Promise<Omit<AskWord, 'isOpen'>[]>;
  abstract products(cursor: string, limit: number): Promise<{ readonly products: readonly KnownProduct[]; readonly nextCursor: string }>;
  /** Those of at most 500 that there are. */
  abstract markets(ids: readonly string[]): Promise<readonly KnownMarket[]>;
  /** Undefined when they cannot be had now; markets without a bid are left out. */
  abstract highestBids(marketIds: readonly string[]): Promise<ReadonlyMap<string, number> | undefined>;
}
