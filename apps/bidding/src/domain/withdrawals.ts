import { isPast } from './expiry';
import type { Market } from './market';
import { type Quote, isOpen } from './quote';
import { type Turn, expire, withdraw } from './settle';
import { type SuspensionScope, type TraderFacts, repin, suspendedSides } from './trader-facts';

/** Marks what is past its expiry. It could not match before this either. */
export function expireDue(turn: Turn, quotes: Iterable<Quote>): void {
  for (const quote of quotes) {
    const market = turn.floor.markets.get(quote.marketId);
    if (market && turn.floor.quote(quote.id) === quote && isPast(quote, turn.batch.at)) expire(turn, market, quote);
  }
}

/** A suspension: every open quote of the user on this shard, of the sides that it is of, ends, each with its own step. */
export function withdrawSuspended(turn: Turn, userId: string, scope: SuspensionScope, shard: number): void {
  for (const { market, quote } of openQuotesOf(turn, userId, shard)) {
    if (suspendedSides[scope].includes(quote.side)) withdraw(turn, market, quote, 'suspended');
  }
}

/** A card, address or payout account is gone: what was pinned to it takes the default, or ends when there is none. */
export function repinAll(turn: Turn, facts: TraderFacts, shard: number, replacedBy?: string): void {
  for (const { market, quote } of openQuotesOf(turn, facts.userId, shard)) {
    const pins = repin(facts, quote, replacedBy);
    if (typeof pins === 'string') withdraw(turn, market, quote, pins);
    else if (pins.paymentMethodId !== quote.paymentMethodId || pins.addressVersionId !== quote.addressVersionId) {
      turn.batch.touch(quote);
      quote.paymentMethodId = pins.paymentMethodId;
      quote.addressVersionId = pins.addressVersionId;
      turn.batch.announce(market, 'updated', quote);
    }
  }
}

/** A retired market: everything in it ends. */
export function withdrawMarket(turn: Turn, market: Market): void {
  const quotes = [...market.book.quotes('bid'), ...market.book.quotes('ask'), ...market.waiting.values()];
  for (const quote of quotes) if (isOpen(quote)) withdraw(turn, market, quote, 'market_retired');
}

function openQuotesOf(turn: Turn, userId: string, shard: number): { market: Market; quote: Quote }[] {
  const found: { market: Market; quote: Quote }[] = [];
  for (const quote of turn.floor.quotesOf(userId) ?? []) {
    const market = turn.floor.markets.get(quote.marketId);
    if (market?.shard === shard) found.push({ market, quote });
  }
  // By priority within a market, so that a replay of the same effect makes the same steps.
  return found.sort((a, b) => (a.market.id < b.market.id ? -1 : a.market.id > b.market.id ? 1 : a.quote.prio - b.quote.prio));
}
