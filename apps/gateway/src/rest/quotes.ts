import type { Match, Quote } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { InvariantViolation } from '@libs/kernel/invariant';
import { InvalidInput } from '../door/problem';
import type { Headers, Input } from '../door/route';
import type { TradeCommand, TradeOutcome } from '../trade/trade-stream';
import { z } from 'zod';
import { AmountJson, amount, etag, idOf, InstantJson, knownInstant, orAbsent, pageQuery, present, safe } from './json';
import { tellReplay } from './replayed';

/** What bids and asks have in common. */

export const QuoteJson = z.object({
  id: z.string(),
  marketId: z.string(),
  price: AmountJson,
  status: z.string().meta({ enum: ['inactive', 'active', 'matched', 'cancelled', 'expired'] }),
  reason: z.string().optional(),
  expiresAt: InstantJson,
  placedAt: InstantJson,
  paymentMethodId: z.string().optional(),
  addressVersionId: z.string().optional(),
  /** Buy Now or Sell Now: takes what is there and never rests. */
  immediate: z.boolean(),
  matchId: z.string().optional(),
  version: z.int(),
});

/** The quote, what it met, and the sequence from which on the book shows it. */
export const CommandedQuoteJson = QuoteJson.extend({
  match: z.object({ id: z.string(), price: AmountJson }).optional(),
  bookSeq: z.int(),
});

export const quoteQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(['inactive', 'active', 'matched', 'cancelled', 'expired']).optional(),
  marketId: idOf('mkt').optional(),
});


export function quoteJson(quote: Quote | undefined): z.input<typeof QuoteJson> {
  const { id, marketId, price, status, reason, expiresAt, placedAt, paymentMethodId, addressVersionId, immediate, matchId, version } = present(quote);
  return {
    id,
    marketId,
    price: amount(price),
    status,
    reason: orAbsent(reason),
    expiresAt: knownInstant(expiresAt),
    placedAt: knownInstant(placedAt),
    paymentMethodId: orAbsent(paymentMethodId),
    addressVersionId: orAbsent(addressVersionId),
    immediate,
    matchId: orAbsent(matchId),
    version: safe(version),
  };
}

/** One quote, with the ETag that its next amendment must name. */
export function versionedJson(quote: Quote | undefined, headers: Headers): z.input<typeof QuoteJson> {
  headers.header('ETag', etag(present(quote).version));
  return quoteJson(quote);
}

interface Commanded {
  readonly bookSeq: bigint;
  readonly replayed: boolean;
  readonly match?: Match | undefined;
}

export function commandedJson(quote: Quote | undefined, commanded: Commanded, headers: Headers): z.input<typeof CommandedQuoteJson> {
  tellReplay(headers, commanded);
  const { bookSeq, match } = commanded;
  const met = match && { match: { id: match.id, price: amount(match.price) } };
  return { ...versionedJson(quote, headers), ...met, bookSeq: safe(bookSeq) };
}

/** An amendment that amends nothing is a mistake. */
export function changed<T extends { readonly price?: unknown; readonly expiresInDays?: unknown }>(body: T): T {
  if (body.price === undefined && body.expiresInDays === undefined) throw new InvalidInput([{ pointer: '', detail: 'Name a new price, a new expiry, or both.' }]);
  return body;
}

/** The batched road to bidding, as the routes see it. */
export type SendTrade = (command: TradeCommand, input: Input) => Promise<TradeOutcome>;

type Outcomes = { [O in Exclude<TradeOutcome, { case: undefined }> as O['case']]: O['value'] };

/** The answer of the kind that the command asked for. */
export function outcomeOf<C extends keyof Outcomes>(outcome: TradeOutcome, wanted: C): Outcomes[C] {
  if (outcome.case !== wanted) throw new InvariantViolation(`bidding answered ${outcome.case} where ${wanted} was asked`);
  // The comparison above has narrowed the case, which the compiler does not see through the type parameter.
  return outcome.value as Outcomes[C];
}
