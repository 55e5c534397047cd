/** One database, read-only. */
export interface Database {
  query<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Row by row, for what does not fit into memory. */
  each<Row>(sql: string, take: (row: Row) => void): Promise<void>;
}

/** What the checks read: each service's own database, the bus, and where there are any, Redis and the provider's books. */
export interface Stores {
  readonly user: Database;
  readonly product: Database;
  readonly bidding: Database;
  readonly order: Database;
  readonly payment: Database;
  readonly authentication: Database;
  readonly notification: Database;
  readonly analytics: Database;
  readonly search: Database;
  readonly bus: BusLog;
  readonly books: LiveBooks | undefined;
  readonly provider: ProviderBooks | undefined;
  /** Services whose consumers stand still by the operator's wish. */
  readonly paused: readonly string[];
  /** Business time, for deadlines. */
  readonly now: Date;
}

export const serviceStores = ['user', 'product', 'bidding', 'order', 'payment', 'authentication', 'notification', 'analytics', 'search'] as const;
export type ServiceStore = (typeof serviceStores)[number];

/** Consecutive records of a partition, the first of which has the offset `from`. */
export interface BusRows {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly lines: readonly string[];
}

/** How far a service's consumer is in a partition. */
export interface BusPlace {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** The log between services, in either of its forms. */
export interface BusLog {
  each(take: (rows: BusRows) => void): Promise<void>;
  /** `topic/partition` of those whose oldest records are past the retention. */
  pruned(): Promise<Set<string>>;
  positions(): Promise<BusPlace[]>;
  /** The offset behind the last record of each partition. */
  ends(): Promise<Omit<BusPlace, 'group'>[]>;
}

/** Resting quotes as `id@price`, best first on each side, with the sequence that they are of. */
export interface Shown {
  readonly seq: number;
  readonly bids: readonly string[];
  readonly asks: readonly string[];
}

/** The books as everybody but the writer reads them. */
export interface LiveBooks {
  /** Nothing when the market is not there. */
  read(marketId: string): Promise<Shown | undefined>;
}

export interface ProviderBooks {
  balanceTransactions(): Promise<{ id: string; netMinor: number; account: string | undefined }[]>;
  /** Idempotency keys of the money calls that the provider has seen. */
  moneyCallKeys(): Promise<string[]>;
  /** Our own names of the messages that it has taken, once for each time. */
  messageReferences(): Promise<string[]>;
}

/** A rule that must hold, by its id in `reliability` terms. An offender is one line that names what breaks it, the same at every look. */
export interface Invariant {
  readonly id: string;
  readonly says: string;
  offenders(stores: Stores): Promise<string[]>;
  /** What of it cannot be looked at in these stores, in words; nothing when all of it can. */
  unseen?(stores: Stores): string | undefined;
}

/** What is missing when the exchange is stopped, or works with a provider of its own. */
export const unseenProvider = ({ provider }: Stores): string | undefined => (provider ? undefined : 'the provider\'s books, which a running sandbox shows');

/** What is not blamed for standing still. */
export const pausedConsumers = ({ paused }: Stores): string | undefined => (paused.length > 0 ? `consumers that CONSUMERS_PAUSED holds back: ${paused.join(', ')}` : undefined);

/** A rule that is one query: each row is an offender. */
export function rows(id: string, says: string, store: ServiceStore, sql: string): Invariant {
  return {
    id,
    says,
    offenders: async (stores) => (await stores[store].query(sql)).map((row) => Object.entries(row).map(([name, value]) => `${name}=${String(value)}`).join(' ')),
  };
}
