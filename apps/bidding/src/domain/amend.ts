import { type Outcome, refused } from './batch';
import { type KeyedCommand, keyed, ownOpenQuote } from './cancel';
import { exposureExceeded, marketHalted, marketRetired, selfMatch, stale } from './errors';
import { lifeMs } from './expiry';
import type { Market } from './market';
import { doneWith, exposes } from './place';
import { refusePrice } from './price-rules';
import { type Quote, factsOf } from './quote';
import type { Side } from './side';
import { type Turn, counterpart, match, rest } from './settle';

export interface Amend extends KeyedCommand {
  readonly quoteId: string;
  readonly side: Side;
  /** Undefined: the price stays. */
  readonly price: { readonly currency: string; readonly minor: number } | undefined;
  /** 0: the expiry stays. Otherwise counted from now. */
  readonly expiresInDays: number;
  /** The version that its owner has seen; 0 compares nothing. */
  readonly expectedVersion: number;
  readonly maxOpenExposure: number;
}

/** A new price is a new acceptance: the quote goes to the end of its level and may match. A new expiry alone keeps its place. */
export function amend(turn: Turn, command: Amend): Outcome {
  const found = ownOpenQuote(turn, command);
  if ('refused' in found) return found;
  const { market, quote } = found;
  if (command.expectedVersion !== 0 && command.expectedVersion !== quote.version) return refused(stale(quote.version));
  if (market.terms.retired) return refused(marketRetired());
  if (market.state === 'halted') return refused(marketHalted());
  const price = command.price?.minor ?? quote.price;
  const badPrice = command.price && refusePrice(market.terms, command.price.currency, price);
  if (badPrice) return refused(badPrice);
  if (quote.side === 'bid' && price > quote.price && exposes(turn, market, { userId: quote.userId, more: price - quote.price, limit: command.maxOpenExposure })) return refused(exposureExceeded(command.maxOpenExposure));
  const life = command.expiresInDays === 0 ? undefined : lifeMs(quote.side, command.expiresInDays);
  if (life !== undefined && typeof life !== 'number') return refused(life);

  const expiresAt = life === undefined ? quote.expiresAt : turn.batch.at + life;
  const outcome = price === quote.price ? extend(turn, market, quote, expiresAt) : reprice(turn, market, quote, { price, expiresAt });
  if ('done' in outcome) turn.batch.answer({ ...keyed(command), done: outcome.done });
  return outcome;
}

function extend(turn: Turn, market: Market, quote: Quote, expiresAt: number): Outcome {
  if (expiresAt !== quote.expiresAt) {
    turn.batch.touch(quote);
    quote.expiresAt = expiresAt;
    turn.batch.announce(market, 'updated', quote);
  }
  turn.batch.shards.add(market.shard); // Nothing may have changed, and the answer is written all the same.
  return { done: doneWith(market, factsOf(quote), undefined) };
}

function reprice(turn: Turn, market: Market, quote: Quote, to: { readonly price: number; readonly expiresAt: number }): Outcome {
  // Asked before anything changes: a refused amendment leaves the quote in its place.
  const met = counterpart(turn, market, { ...quote, price: to.price });
  if (met?.userId === quote.userId) return refused(selfMatch());
  turn.batch.touch(quote);
  market.book.remove(quote);
  turn.floor.repriced(quote, to.price);
  quote.price = to.price;
  quote.expiresAt = to.expiresAt;
  quote.acceptedAt = turn.batch.at;
  quote.prio = 0;
  if (!met) return { done: doneWith(market, rest(turn, market, quote, 'updated'), undefined) };
  const { match: made, facts } = match(turn, market, { incoming: quote, resting: met });
  return { done: doneWith(market, facts, made) };
}
