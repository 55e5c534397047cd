import type { BookState } from './books';

/** The top of a book after a change, and the levels that have changed; 0 quotes removes one. */
export interface MarketUpdate {
  readonly marketId: string;
  readonly seq: number;
  readonly epoch: number;
  readonly state: BookState;
  readonly lowestAsk: number | undefined;
  readonly highestBid: number | undefined;
  readonly asks: number;
  readonly bids: number;
  readonly bidChanges: ReadonlyMap<number, number>;
  readonly askChanges: ReadonlyMap<number, number>;
  /** When the oldest of its changes was committed: real time, Unix milliseconds. A process of an older version does not say. */
  readonly committedAtMs?: number;
}

export interface MarketListener {
  changed(updates: readonly MarketUpdate[]): void;
  /** Changes may have gone unheard, or what was read may not have been right: what was read before is read again. */
  missed(): void;
}

/** Public changes of books, to everybody at the same time, once readers can see them. */
export abstract class MarketFeed {
  abstract publish(updates: readonly MarketUpdate[]): void;
  /** Whoever listens, in whichever process, may know something wrong. */
  abstract doubt(): void;
  /** Whether anybody might be listening: what nobody hears need not be worked out. */
  abstract get isHeard(): boolean;
  /** Answers how to stop. */
  abstract subscribe(listener: MarketListener): () => void;
}

/** Several updates of one market as one: the newest state, and each level as it is last. */
export function merge(older: MarketUpdate | undefined, newer: MarketUpdate): MarketUpdate {
  if (!older) return newer;
  return {
    ...newer,
    bidChanges: new Map([...older.bidChanges, ...newer.bidChanges]),
    askChanges: new Map([...older.askChanges, ...newer.askChanges]),
    committedAtMs: older.committedAtMs,
  };
}
