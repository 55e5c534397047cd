import type { BookEntry, Level } from './level';
import type { Side } from './side';

export type QuoteStatus = 'inactive' | 'active' | 'matched' | 'cancelled' | 'expired';
export type CancelReason =
  | 'user' | 'payment_failed' | 'reserve_failed' | 'suspended' | 'payment_method_removed' | 'address_removed'
  | 'payout_account_disabled' | 'market_retired' | 'self_match' | 'no_liquidity';

/** What is true of a quote at one moment. Times are Unix milliseconds of business time, prices minor units. */
export interface QuoteFacts {
  readonly id: string;
  readonly marketId: string;
  readonly side: Side;
  readonly userId: string;
  readonly price: number;
  /** The market's sequence at acceptance: lower goes first at one price. */
  readonly prio: number;
  readonly status: QuoteStatus;
  readonly reason: CancelReason | null;
  readonly expiresAt: number;
  readonly placedAt: number;
  /** When the present price was accepted: fee schedules are those in force then. */
  readonly acceptedAt: number;
  /** Null on an ask. */
  readonly paymentMethodId: string | null;
  readonly addressVersionId: string;
  /** Buy Now and Sell Now: takes what is there and never rests. */
  readonly immediate: boolean;
  /** 1 as placed, one more with each change: two states of a quote never share one. */
  readonly version: number;
}

/** A bid or an ask for one pair, as the engine keeps it. Only the functions of this room write it. */
export interface Quote extends QuoteFacts, BookEntry<Quote> {
  price: number;
  prio: number;
  status: QuoteStatus;
  reason: CancelReason | null;
  expiresAt: number;
  acceptedAt: number;
  paymentMethodId: string | null;
  addressVersionId: string;
  version: number;
  level: Level<Quote> | undefined;
  ahead: Quote | undefined;
  behind: Quote | undefined;
}

export function quoteOf(facts: QuoteFacts): Quote {
  return {
    id: facts.id, marketId: facts.marketId, side: facts.side, userId: facts.userId, price: facts.price, prio: facts.prio,
    status: facts.status, reason: facts.reason, expiresAt: facts.expiresAt, placedAt: facts.placedAt, acceptedAt: facts.acceptedAt,
    paymentMethodId: facts.paymentMethodId, addressVersionId: facts.addressVersionId, immediate: facts.immediate, version: facts.version,
    level: undefined, ahead: undefined, behind: undefined,
  };
}

/** A copy that later changes of the quote do not reach. */
export function factsOf(quote: Quote): QuoteFacts {
  return {
    id: quote.id, marketId: quote.marketId, side: quote.side, userId: quote.userId, price: quote.price, prio: quote.prio,
    status: quote.status, reason: quote.reason, expiresAt: quote.expiresAt, placedAt: quote.placedAt, acceptedAt: quote.acceptedAt,
    paymentMethodId: quote.paymentMethodId, addressVersionId: quote.addressVersionId, immediate: quote.immediate, version: quote.version,
  };
}

export function isOpen(quote: QuoteFacts): boolean {
  return quote.status === 'active' || quote.status === 'inactive';
}

export function crosses(incoming: { readonly side: Side; readonly price: number }, resting: { readonly price: number }): boolean {
  return incoming.side === 'bid' ? incoming.price >= resting.price : incoming.price <= resting.price;
}

export type MatchState = 'pending' | 'completed' | 'bust';

/** A bid and an ask that met, at the resting one's price. */
export interface Match {
  readonly id: string;
  readonly marketId: string;
  readonly seq: number;
  readonly bid: Quote;
  readonly ask: Quote;
  readonly price: number;
  readonly matchedAt: number;
  state: MatchState;
}
