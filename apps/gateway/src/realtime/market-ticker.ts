import type { MarketData, MarketUpdate } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { safe } from '../rest/json';

/** A state to be told, and when the oldest change in it was committed. */
interface Untold {
  readonly update: MarketUpdate;
  readonly committedAtMs: number;
}

/** One market's top as those who watch it know it. It never goes back: what is read and what is heard may come in either order. */
export class MarketTicker {
  private seq = 0n;
  private newest: MarketUpdate | undefined;
  private untold: Untold | undefined;

  hear(update: MarketUpdate): void {
    if (!this.advance(update.seq)) return;
    this.newest = update;
    this.untold = { update, committedAtMs: this.untold?.committedAtMs ?? safe(update.committedAtMs) };
  }

  /** Answers false when what is known is newer than what was read. */
  read({ seq }: MarketData): boolean {
    return this.advance(seq);
  }

  /** What was heard beyond `seq`, for somebody who has read no more. */
  since(seq: bigint): MarketUpdate | undefined {
    return this.newest && this.newest.seq > seq ? this.newest : undefined;
  }

  /** What those who watch are to be told, once. Where something newer was read the change that brought it is on its way. */
  take(): Untold | undefined {
    const { untold } = this;
    this.untold = undefined;
    return untold && untold.update.seq >= this.seq ? untold : undefined;
  }

  private advance(seq: bigint): boolean {
    if (seq < this.seq) return false;
    this.seq = seq;
    return true;
  }
}
