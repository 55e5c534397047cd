import type { AppError } from '@libs/kernel/app-error';
import { type Outcome, refused } from './batch';
import { marketNotFound, matchCompleted } from './errors';
import { isPast } from './expiry';
import type { Market } from './market';
import type { CancelReason, Match, Quote } from './quote';
import type { Side } from './side';
import { type Turn, counterpart, enter, match as meet } from './settle';
import { type TraderFacts, isBarred, repin } from './trader-facts';

/** Which side comes back, by the reason. After payment neither does: the event only takes the sale out of last sale and charts. */
export const bustReasons = {
  payment_failed: 'ask',
  reserve_failed: 'bid',
  seller_cancelled: null,
  did_not_ship: null,
  inspection_failed: null,
  lost_inbound: null,
  lost_outbound: null,
  admin: null,
} as const satisfies Record<string, Side | null>;
export type BustReason = keyof typeof bustReasons;

export interface Bust {
  /** As the database has it, with both its quotes: they are off the floor while matched. */
  readonly match: Match;
  readonly reason: BustReason;
  readonly doNotRelist: boolean;
  /** Of the user whose quote would come back; read before the command was queued. */
  readonly facts: TraderFacts | undefined;
}

/** Undoes a match. A quote that comes back keeps its id and its priority, and may match again at once. */
export function bust(turn: Turn, command: Bust): Outcome {
  const { match, reason } = command;
  const market = turn.floor.markets.get(match.marketId);
  if (!market) return refused(marketNotFound(match.marketId));
  if (match.state === 'bust') return { done: { bookSeq: market.seq, busted: false } };
  const side = bustReasons[reason];
  if (side === null) {
    turn.batch.announceBust(market, match, reason, null);
    return { done: { bookSeq: market.seq, busted: true } };
  }
  const impossible = refuseUnpaidEnd(match);
  if (impossible) return refused(impossible);

  const [back, gone] = side === 'bid' ? [match.bid, match.ask] : [match.ask, match.bid];
  turn.batch.touch(back);
  turn.batch.touch(gone);
  gone.status = 'cancelled';
  gone.reason = reason as CancelReason; // The two reasons that return a side are the two that cancel the other.
  bringBack(turn, market, back, command);
  return { done: { bookSeq: market.seq, busted: true } };
}

function refuseUnpaidEnd(match: Match): AppError | undefined {
  return match.state === 'completed' ? matchCompleted() : undefined;
}

/** The ordered table of what becomes of the side that returns: the first line that applies decides. */
function bringBack(turn: Turn, market: Market, back: Quote, command: Bust): void {
  const end = endOf(turn, market, back, command);
  const met = end === undefined && market.state === 'open' ? counterpart(turn, market, back) : undefined;
  const { match, reason } = command;
  if (end !== undefined) {
    finish(back, end);
  } else if (market.state === 'halted') {
    back.status = 'inactive';
    market.waiting.set(back.id, back);
    turn.floor.opened(back);
  } else if (met?.userId === back.userId) {
    finish(back, 'self_match');
  } else if (met) {
    // It never rests in between: the event of the bust shows it as matched already, and the next one is the match.
    const id = turn.batch.nextMatchId();
    back.status = 'matched';
    turn.batch.announceBust(market, match, reason, id);
    meet(turn, market, { incoming: back, resting: met }, id);
    return;
  } else if (back.immediate) {
    finish(back, 'no_liquidity');
  } else {
    enter(turn, market, back);
  }
  turn.batch.announceBust(market, match, reason, null);
}

function endOf(turn: Turn, market: Market, back: Quote, { facts, doNotRelist }: Bust): CancelReason | 'expired' | undefined {
  if (isPast(back, turn.batch.at)) return 'expired';
  if (facts && isBarred(facts, back.side)) return 'suspended';
  if (market.terms.retired) return 'market_retired';
  if (doNotRelist) return 'user';
  if (!facts) return undefined;
  const pins = repin(facts, back);
  if (typeof pins === 'string') return pins;
  back.paymentMethodId = pins.paymentMethodId;
  back.addressVersionId = pins.addressVersionId;
  return undefined;
}

function finish(back: Quote, end: CancelReason | 'expired'): void {
  if (end === 'expired') back.status = 'expired';
  else {
    back.status = 'cancelled';
    back.reason = end;
  }
}
