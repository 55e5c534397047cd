import type { GetOrderBookResponse, Level, MarketUpdate } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { safe } from '../rest/json';

/** [price in minor units, quotes]; 0 quotes: the level is gone. */
export type LevelPair = readonly [number, number];

export interface BookSnapshot {
  readonly seq: number;
  readonly epoch: number;
  readonly state: string;
  readonly bids: readonly LevelPair[];
  readonly asks: readonly LevelPair[];
}

export interface BookDelta extends BookSnapshot {
  /** The `seq` that this continues. */
  readonly prev: number;
}

type Side = Map<number, number>;

/** One market's levels as those who watch it know them: a snapshot, then changes. Quantities are absolute, so an old change is skipped and none is added twice. */
export class MarketBook {
  private bids: Side = new Map();
  private asks: Side = new Map();
  private changedBids: Side = new Map();
  private changedAsks: Side = new Map();
  private seq = -1;
  private sentSeq = -1;
  /** The highest `seq` that was ever known: no book is shown that is older. */
  private reachedSeq = -1;
  private epoch = -1;
  private state = '';
  /** When the oldest change that is not sent yet was committed. */
  private waitingSinceMs = 0;
  /** Changes that came before the snapshot that they may continue. */
  private early: MarketUpdate[] = [];

  get isLoaded(): boolean {
    return this.seq >= 0;
  }

  /** Whether it is older than what was known before: bidding may show a book that it is about to put right. */
  isBeyond({ seq }: GetOrderBookResponse): boolean {
    return safe(seq) < this.reachedSeq;
  }

  /** Answers false when the book was made anew elsewhere since it was read, so that it is to be read again. */
  load({ seq, epoch, state, bids, asks }: GetOrderBookResponse): boolean {
    this.seq = safe(seq);
    this.sentSeq = this.seq;
    this.epoch = safe(epoch);
    this.state = state;
    this.bids = sideOf(bids);
    this.asks = sideOf(asks);
    this.changedBids.clear();
    this.changedAsks.clear();
    this.waitingSinceMs = 0;
    const early = this.early;
    this.early = [];
    for (const update of early) if (safe(update.epoch) === this.epoch) this.apply(update, false);
    this.reachedSeq = this.seq;
    return early.every((update) => safe(update.epoch) <= this.epoch);
  }

  /** Answers false when the book was made anew elsewhere, so that a new snapshot is needed. What comes while it is being read is kept until it is; else only how far the market has come. */
  apply(update: MarketUpdate, isBeingRead: boolean): boolean {
    if (!this.isLoaded) {
      if (isBeingRead) this.early.push(update);
      else this.reachedSeq = Math.max(this.reachedSeq, safe(update.seq));
      return true;
    }
    if (safe(update.epoch) !== this.epoch) return false;
    if (safe(update.seq) <= this.seq) return true;
    if (this.seq === this.sentSeq) this.waitingSinceMs = safe(update.committedAtMs);
    this.seq = safe(update.seq);
    this.reachedSeq = this.seq;
    this.state = update.state;
    change(this.bids, this.changedBids, update.bidChanges);
    change(this.asks, this.changedAsks, update.askChanges);
    return true;
  }

  /** Forgets everything, so that it is read anew. */
  unload(): void {
    this.seq = -1;
    this.early = [];
  }

  snapshot(): BookSnapshot {
    return { seq: this.seq, epoch: this.epoch, state: this.state, bids: pairs(this.bids, -1), asks: pairs(this.asks, 1) };
  }

  /** What has changed since the last delta, and when the oldest of it was committed; or nothing. */
  takeDelta(): { readonly delta: BookDelta; readonly committedAtMs: number } | undefined {
    if (!this.isLoaded || this.seq === this.sentSeq) return undefined;
    const delta = { prev: this.sentSeq, seq: this.seq, epoch: this.epoch, state: this.state, bids: [...this.changedBids], asks: [...this.changedAsks] };
    this.sentSeq = this.seq;
    this.changedBids.clear();
    this.changedAsks.clear();
    return { delta, committedAtMs: this.waitingSinceMs };
  }
}

function sideOf(levels: readonly Level[]): Side {
  return new Map(levels.map(({ priceMinor, quotes }) => [safe(priceMinor), quotes]));
}

function change(side: Side, changed: Side, levels: readonly Level[]): void {
  for (const { priceMinor, quotes } of levels) {
    const price = safe(priceMinor);
    changed.set(price, quotes);
    if (quotes === 0) side.delete(price);
    else side.set(price, quotes);
  }
}

function pairs(side: Side, direction: 1 | -1): LevelPair[] {
  return [...side].sort(([a], [b]) => (a - b) * direction);
}
