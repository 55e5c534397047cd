import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { idOf, moneyMessage, page, pageOf, PriceJson } from './json';
import { notFound } from './not-found';
import { changed, CommandedQuoteJson, commandedJson, outcomeOf, QuoteJson, quoteJson, quoteQuery, type SendTrade, versionedJson } from './quotes';

/** Where the pair is shipped from. */
const choice = { addressVersionId: idOf('adv').optional() };

export const PlaceAsk = z.strictObject({ marketId: idOf('mkt'), price: PriceJson, expiresInDays: z.int().min(1).max(365).optional(), ...choice });
export const AmendAsk = z.strictObject({ price: PriceJson.optional(), expiresInDays: z.int().min(1).max(365).optional() });
export const SellNow = z.strictObject({ minPrice: PriceJson, ...choice });

const params = z.strictObject({ askId: idOf('ask') });
const marketParams = z.strictObject({ marketId: idOf('mkt') });
const common = { tag: 'Asks', access: { roles: ['seller'] } } as const;
const command = { ...common, limit: 'trading', hot: true, answer: CommandedQuoteJson } as const;
const always = ['bidding.busy', 'bidding.deadline', 'bidding.retry', 'bidding.not_owned', 'bidding.key_reused', 'bidding.key_in_flight'];
const placing = ['bidding.self_match', 'bidding.price_tick', 'bidding.price_too_low', 'bidding.price_too_high', 'bidding.payout_account_required', 'bidding.address_required', 'bidding.too_many_quotes', 'bidding.market_not_found', 'bidding.market_halted', 'bidding.user_suspended', 'bidding.selling_suspended', 'bidding.email_not_verified', 'bidding.market_retired', 'bidding.currency_mismatch', 'bidding.expiry_not_offered', ...always];
const changing = ['bidding.quote_not_found', 'bidding.already_matched', 'bidding.not_open', ...always];

export function askRoutes(rpc: Rpc, send: SendTrade): Route[] {
  const bidding = rpc.client(BiddingService);
  return [
    route({
      ...command, method: 'POST', path: '/v1/asks', status: 201, summary: 'Offer a pair. Matches at once when somebody bids as much; else rests in the book.', idempotencyKey: 'required', refusals: placing,
      body: PlaceAsk,
      async handle(input, headers) {
        const { marketId, price, expiresInDays, addressVersionId } = input.body;
        const value = { marketId, price: moneyMessage(price), expiresInDays, addressVersionId, idempotencyKey: input.key };
        const placed = outcomeOf(await send({ case: 'placeAsk', value }, input), 'placedAsk');
        headers.header('Location', `/v1/asks/${placed.ask?.id}`);
        return commandedJson(placed.ask, placed, headers);
      },
    }),
    route({
      ...common, method: 'GET', path: '/v1/asks', status: 200, summary: 'One\'s own asks, the latest first.',
      query: quoteQuery, answer: pageOf(QuoteJson),
      async handle({ query, call }) {
        const { asks, nextCursor } = await bidding.getMyAsks(query, call);
        return page(asks.map(quoteJson), nextCursor);
      },
    }),
    route({
      ...common, method: 'GET', path: '/v1/asks/{askId}', status: 200, summary: 'One of one\'s own asks.', refusals: ['bidding.quote_not_found'],
      params, answer: QuoteJson,
      async handle({ params: { askId }, call }, headers) {
        const { asks: [ask] } = await bidding.getMyAsks({ askId, limit: 1 }, call);
        return versionedJson(ask ?? notFound('bidding.quote_not_found', 'You have no such ask.'), headers);
      },
    }),
    route({
      ...command, method: 'PATCH', path: '/v1/asks/{askId}', status: 200, summary: 'Change price or expiry. A new price loses time priority and may match.', idempotencyKey: 'optional', refusals: ['bidding.stale', ...placing, ...changing],
      ifMatch: true, params, body: AmendAsk,
      async handle(input, headers) {
        const { price, expiresInDays } = changed(input.body);
        const value = { askId: input.params.askId, ...(price && { price: moneyMessage(price) }), expiresInDays, expectedVersion: input.ifMatch, idempotencyKey: input.key };
        const amended = outcomeOf(await send({ case: 'amendAsk', value }, input), 'amendedAsk');
        return commandedJson(amended.ask, amended, headers);
      },
    }),
    route({
      ...command, method: 'DELETE', path: '/v1/asks/{askId}', status: 200, summary: 'Cancel an ask that has not matched.', idempotencyKey: 'optional', refusals: changing,
      params,
      async handle(input, headers) {
        const value = { askId: input.params.askId, idempotencyKey: input.key };
        const cancelled = outcomeOf(await send({ case: 'cancelAsk', value }, input), 'cancelledAsk');
        return commandedJson(cancelled.ask, cancelled, headers);
      },
    }),
    sellNowRoute(send),
  ];
}

function sellNowRoute(send: SendTrade): Route {
  return route({
    ...command, method: 'POST', path: '/v1/markets/{marketId}/sell-now', status: 201, summary: 'Sell to the highest bid, if it is at least `minPrice`.', idempotencyKey: 'required', refusals: [...placing, 'bidding.price_moved', 'bidding.no_quotes'],
    params: marketParams, body: SellNow,
    async handle(input, headers) {
      const { minPrice, addressVersionId } = input.body;
      const value = { marketId: input.params.marketId, limit: moneyMessage(minPrice), addressVersionId, idempotencyKey: input.key };
      const sold = outcomeOf(await send({ case: 'sellNow', value }, input), 'sold');
      return commandedJson(sold.ask, sold, headers);
    },
  });
}
