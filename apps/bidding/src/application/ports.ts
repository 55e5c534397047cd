import type { Transaction } from '@libs/postgres/transaction';
import type { BookImage, BookLevels } from './books';
import type { Batch, Done } from '../domain/batch';
import type { Market, MarketPosition, MarketTerms } from '../domain/market';
import type { Match, MatchState, QuoteFacts } from '../domain/quote';
import type { Side } from '../domain/side';
import type { SuspensionScope, TraderFacts } from '../domain/trader-facts';

/** How a commit ended. `refused` is rolled back for sure; of `unknown` nobody can tell before the books are read again. */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly lastPos: number | null; readonly lines: string }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'unknown' };

/** A market as the database has it, with its open quotes. */
export interface LoadedMarket {
  readonly market: Market;
  readonly quotes: readonly QuoteFacts[];
}

/** Shards that are ours from now on, and who had them before. */
export interface Taken {
  readonly shards: readonly number[];
  readonly formerOwners: readonly string[];
}

export type Traceparents = readonly (string | undefined)[];

/** The one connection that commits. It owns shards for as long as it lives, and never outlives a loss. */
export interface ShardSession {
  /** Of the shards that are owned. */
  readonly epochs: ReadonlyMap<number, number>;
  readonly alive: boolean;
  /** Of the shards that were not ours before; their former owners can write them no more. */
  take(shards: readonly number[], patience: 'wait' | 'if_free'): Promise<Taken>;
  loadShards(shards: readonly number[]): Promise<LoadedMarket[]>;
  loadMarkets(ids: readonly string[]): Promise<LoadedMarket[]>;
  /** Never two at once. `traceparents`: of the command that each event of the batch comes from, in their order. */
  commit(batch: Batch, traceparents: Traceparents): Promise<CommitOutcome>;
  close(): Promise<void>;
}

export abstract class ShardSessions {
  /** `owner` names the writer: its outbox rows are in the order of their commits. */
  abstract open(owner: string): Promise<ShardSession>;
}

export interface CommandKey {
  readonly userId: string;
  readonly key: string;
}

export interface KeptAnswer {
  readonly bodyHash: Uint8Array;
  readonly done: Done;
}

/** The answers of earlier commands, by their idempotency keys. */
export abstract class KeptAnswers {
  /** In the order of the keys. */
  abstract find(keys: readonly CommandKey[]): Promise<(KeptAnswer | undefined)[]>;
  /** Forgets those of commands other than placements that are more than a day old. */
  abstract prune(): Promise<void>;
}

export interface QuotePage {
  /** `seq` is the market's when they were read. */
  readonly quotes: readonly (QuoteFacts & { readonly matchId: string | null; readonly currency: string; readonly seq: number })[];
  readonly nextCursor: string;
}

export interface QuoteQuery {
  readonly userId: string;
  readonly side: Side;
  readonly status: string;
  readonly marketId: string;
  readonly quoteId: string;
  readonly limit: number;
  readonly cursor: string;
}

export interface MarketFacts {
  readonly marketId: string;
  readonly seq: number;
  readonly asks: readonly { readonly askId: string; readonly price: number }[];
  readonly bustedMatchIds: readonly string[];
}

/** What the database says: for what is not on the floor, and when a projection cannot answer. */
export interface MatchRecord {
  readonly matchId: string;
  readonly marketId: string;
  readonly marketSeq: number;
  readonly state: MatchState;
}

export interface OpenAsk {
  readonly askId: string;
  readonly marketId: string;
  readonly price: number;
  readonly currency: string;
  readonly expiresAt: Date;
  readonly marketSeq: number;
}

export abstract class Records {
  abstract quotes(query: QuoteQuery): Promise<QuotePage>;
  abstract quoteStatus(quoteId: string, side: Side, userId: string): Promise<string | undefined>;
  /** With both quotes as they are. */
  abstract match(matchId: string): Promise<Match | undefined>;
  abstract book(marketId: string, depth: number): Promise<BookLevels | undefined>;
  /** Markets by id, each as of one of its steps: what another service's projection begins with. */
  abstract marketFacts(after: string, limit: number): Promise<MarketFacts[]>;
  /** As the rows say, in one snapshot: what a projection is compared with. */
  abstract images(marketIds: readonly string[]): Promise<BookImage[]>;
  /** Every match, by id, after the one that is named. */
  abstract matches(after: string, limit: number): Promise<MatchRecord[]>;
  /** Every ask in the books, by id, with its market's sequence in the same snapshot. */
  abstract openAsks(after: string, limit: number): Promise<OpenAsk[]>;
}

/** What the services that own the facts have told us, in our own database. What a fact does to open quotes is written down with it. */
export abstract class FactStore {
  abstract trader(userId: string): Promise<TraderFacts>;
  /** Adds what an owner has just told; what is known already, or was removed since, stays. */
  abstract adopt(told: TraderFacts): Promise<void>;
  abstract suspended(tx: Transaction, userId: string, scope: SuspensionScope): Promise<void>;
  abstract reinstated(tx: Transaction, userId: string): Promise<void>;
  abstract emailVerified(tx: Transaction, userId: string): Promise<void>;
  abstract paymentMethodVerified(tx: Transaction, userId: string, id: string, isDefault: boolean): Promise<void>;
  abstract paymentMethodRemoved(tx: Transaction, userId: string, id: string): Promise<void>;
  abstract addressAdded(tx: Transaction, userId: string, address: { readonly addressId: string; readonly versionId: string }, isDefault: boolean): Promise<void>;
  abstract addressRemoved(tx: Transaction, userId: string, address: { readonly addressId: string; readonly versionId: string }, replacedBy: string | undefined): Promise<void>;
  abstract payoutAccount(tx: Transaction, userId: string, isEnabled: boolean): Promise<void>;
  /** What facts have yet to do to the open quotes of these shards, oldest first. */
  abstract effects(shards: readonly number[]): Promise<FactEffect[]>;
  abstract pendingEffects(): Promise<number>;
}

/** Markets and their paid sales. */
export abstract class MarketStore {
  abstract markets(): Promise<StoredMarket[]>;
  abstract market(marketId: string): Promise<StoredMarket | undefined>;
  abstract adopt(told: readonly MarketTerms[]): Promise<void>;
  abstract changed(tx: Transaction, terms: readonly MarketTerms[]): Promise<void>;
  abstract retired(tx: Transaction, marketIds: readonly string[]): Promise<void>;
  /** The match is paid: completed, and the market's last sale. */
  abstract sold(tx: Transaction, sale: { readonly matchId: string; readonly marketId: string; readonly price: number; readonly at: Date }): Promise<void>;
}

export interface StoredMarket {
  readonly terms: MarketTerms;
  readonly position: MarketPosition;
  readonly lastSale: { readonly price: number; readonly at: number } | undefined;
}

export interface FactEffect {
  readonly id: number;
  readonly shard: number;
  readonly kind: 'suspended' | 'facts_changed' | 'market_changed';
  /** A user, or a market. */
  readonly subject: string;
  /** Of a suspension: its scope. Of an address: the version that replaced it. */
  readonly detail: string | null;
}

/** The services that own the facts. Asked only for what is missing here, never from within the writer. */
export abstract class FactOwners {
  abstract trader(userId: string): Promise<TraderFacts | undefined>;
  abstract market(marketId: string): Promise<MarketTerms | undefined>;
}

/** Carries what the writer has committed to the bus, in order, the rows of former owners first. */
export abstract class CommittedEvents {
  abstract start(owner: string): Promise<void>;
  abstract takeOver(formerOwner: string): void;
  abstract handOver(pos: number, lines: string): void;
  /** After a commit of unknown fate: a row may be in the table that nobody has handed over. */
  abstract readTable(): void;
  /** Events that are not on the bus yet. */
  abstract pending(): Promise<number>;
  /** Sends what is left. */
  abstract stop(): Promise<void>;
}
