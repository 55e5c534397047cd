import { type Done, type Outcome, type PlacedAs, refused } from './batch';
import { exposureExceeded, marketHalted, marketNotFound, marketRetired, noQuotes, priceMoved, selfMatch, tooManyQuotes } from './errors';
import { lifeMs } from './expiry';
import type { Market } from './market';
import { refusePrice } from './price-rules';
import type { Match, Quote, QuoteFacts } from './quote';
import type { Side } from './side';
import { type Turn, bestFor, counterpart, match, rest } from './settle';
import { type TraderFacts, pinsFor } from './trader-facts';

export interface Placement {
  readonly quoteId: string;
  readonly marketId: string;
  readonly side: Side;
  readonly userId: string;
  readonly currency: string;
  /** The limit: a trade may be better, never worse. */
  readonly price: number;
  readonly expiresInDays: number;
  /** Buy Now and Sell Now. */
  readonly immediate: boolean;
  /** Empty: the default of this moment. Always empty on an ask. */
  readonly paymentMethodId: string;
  readonly addressVersionId: string;
  readonly key: string;
  readonly bodyHash: Uint8Array;
  readonly facts: TraderFacts;
  readonly maxOpenQuotes: number;
  readonly maxOpenExposure: number;
}

/** A new quote: it meets the best opposite one at that one's price, or rests; Buy Now and Sell Now only meet. */
export function place(turn: Turn, placement: Placement): Outcome {
  const market = turn.floor.markets.get(placement.marketId);
  if (!market) return refused(marketNotFound(placement.marketId));
  const quote = admit(turn, market, placement);
  if (!('id' in quote)) return quote;

  const met = counterpart(turn, market, quote);
  if (met?.userId === quote.userId) return refused(selfMatch());
  if (!met && quote.immediate) {
    const best = bestFor(turn, market, quote.side);
    return refused(best ? priceMoved(best.price) : noQuotes());
  }

  const placed: PlacedAs = { key: placement.key, bodyHash: placement.bodyHash, quote, match: undefined };
  turn.batch.insert(quote, placed);
  if (met) {
    const { match: made, facts } = match(turn, market, { incoming: quote, resting: met });
    placed.match = made;
    placed.quote = facts;
  } else placed.quote = rest(turn, market, quote, 'placed');
  return { done: doneWith(market, placed.quote, placed.match) };
}

function admit(turn: Turn, market: Market, placement: Placement): Quote | Outcome {
  const { side, facts, price, immediate } = placement;
  if (market.terms.retired) return refused(marketRetired());
  if (market.state === 'halted') return refused(marketHalted());
  const badPrice = refusePrice(market.terms, placement.currency, price);
  if (badPrice) return refused(badPrice);
  const life = lifeMs(side, placement.expiresInDays);
  if (typeof life !== 'number') return refused(life);
  const pins = pinsFor(facts, side, placement.paymentMethodId, placement.addressVersionId);
  if (!('addressVersionId' in pins)) return refused(pins);
  if (!immediate && turn.floor.countOf(placement.userId) >= placement.maxOpenQuotes) return refused(tooManyQuotes(placement.maxOpenQuotes));
  if (side === 'bid' && !immediate && exposes(turn, market, { userId: placement.userId, more: price, limit: placement.maxOpenExposure })) return refused(exposureExceeded(placement.maxOpenExposure));
  return {
    id: placement.quoteId, marketId: market.id, side, userId: placement.userId, price, prio: 0, status: 'active', reason: null,
    expiresAt: turn.batch.at + life, placedAt: turn.batch.at, acceptedAt: turn.batch.at,
    paymentMethodId: pins.paymentMethodId, addressVersionId: pins.addressVersionId, immediate, version: 1,
    level: undefined, ahead: undefined, behind: undefined,
  };
}

/** Whether a user's open bids would come to more than they may. */
export function exposes(turn: Turn, market: Market, { userId, more, limit }: { readonly userId: string; readonly more: number; readonly limit: number }): boolean {
  return turn.floor.exposureOf(userId, market.terms.currency) + more > limit;
}

export function doneWith(market: Market, quote: QuoteFacts, made: Match | undefined): Done {
  return {
    quote,
    match: made && { id: made.id, bidId: made.bid.id, askId: made.ask.id, price: made.price },
    bookSeq: market.seq,
  };
}

