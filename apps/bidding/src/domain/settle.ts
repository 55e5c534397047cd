import type { Batch } from './batch';
import { isPast } from './expiry';
import type { Floor } from './floor';
import type { Market } from './market';
import { type CancelReason, type Match, type Quote, type QuoteFacts, crosses } from './quote';
import { type Side, opposite } from './side';

/** What a command works on: the floor as it stands, and the batch that will be written. */
export interface Turn {
  readonly floor: Floor;
  readonly batch: Batch;
}

// The single moves that every command is made of. Each changes the floor, the book and the batch alike.

/** The best quote that `side` could meet, if any is alive; dead ones on the way expire, each in a step of its own. */
export function bestFor(turn: Turn, market: Market, side: Side): Quote | undefined {
  for (;;) {
    const best = market.book.best(opposite(side));
    if (!best || !isPast(best, turn.batch.at)) return best;
    expire(turn, market, best);
  }
}

/** Whom `quote` would meet at its price. */
export function counterpart(turn: Turn, market: Market, quote: Quote): Quote | undefined {
  for (;;) {
    const best = market.book.best(opposite(quote.side));
    if (!best || !crosses(quote, best)) return undefined;
    if (!isPast(best, turn.batch.at)) return best;
    expire(turn, market, best);
  }
}

export interface Met {
  readonly match: Match;
  /** The incoming quote just after. */
  readonly facts: QuoteFacts;
}

/** `incoming` takes `resting` at the resting price. `id` is given where an earlier event has named the match already. */
export function match(turn: Turn, market: Market, pair: { readonly incoming: Quote; readonly resting: Quote }, id = turn.batch.nextMatchId()): Met {
  const { incoming, resting } = pair;
  turn.batch.touch(resting);
  market.book.remove(resting);
  turn.floor.closed(resting);
  turn.floor.closed(incoming);
  resting.status = 'matched';
  incoming.status = 'matched';
  incoming.reason = null;
  const seq = turn.batch.next(market);
  if (incoming.prio === 0) incoming.prio = seq;
  const [bid, ask] = incoming.side === 'bid' ? [incoming, resting] : [resting, incoming];
  const made: Match = { id, marketId: market.id, seq, bid, ask, price: resting.price, matchedAt: turn.batch.at, state: 'pending' };
  return { match: made, facts: turn.batch.announceMatch(market, made, incoming) };
}

/** Enters the book and says so. A quote without a priority gets the number of this very step. */
export function rest(turn: Turn, market: Market, quote: Quote, as: 'placed' | 'updated'): QuoteFacts {
  if (quote.prio === 0) quote.prio = market.seq + 1;
  enter(turn, market, quote);
  return turn.batch.announce(market, as, quote);
}

export function enter(turn: Turn, market: Market, quote: Quote): void {
  quote.status = 'active';
  quote.reason = null;
  market.book.add(quote);
  turn.floor.opened(quote);
}

export function expire(turn: Turn, market: Market, quote: Quote): void {
  close(turn, market, quote);
  quote.status = 'expired';
  turn.batch.announce(market, 'expired', quote);
}

export function withdraw(turn: Turn, market: Market, quote: Quote, reason: CancelReason): QuoteFacts {
  close(turn, market, quote);
  quote.status = 'cancelled';
  quote.reason = reason;
  return turn.batch.announce(market, 'cancelled', quote);
}

function close(turn: Turn, market: Market, quote: Quote): void {
  turn.batch.touch(quote);
  market.book.remove(quote);
  market.waiting.delete(quote.id);
  turn.floor.closed(quote);
}
