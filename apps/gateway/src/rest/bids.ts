import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { idOf, moneyMessage, page, pageOf, PriceJson } from './json';
import { notFound } from './not-found';
import { changed, CommandedQuoteJson, commandedJson, outcomeOf, QuoteJson, quoteJson, quoteQuery, type SendTrade, versionedJson } from './quotes';

const choice = { paymentMethodId: idOf('pm').optional(), addressVersionId: idOf('adv').optional() };

export const PlaceBid = z.strictObject({ marketId: idOf('mkt'), price: PriceJson, expiresInDays: z.literal([1, 3, 7, 14, 30]).optional(), ...choice });
export const AmendBid = z.strictObject({ price: PriceJson.optional(), expiresInDays: z.literal([1, 3, 7, 14, 30]).optional() });
export const BuyNow = z.strictObject({ maxPrice: PriceJson, ...choice });

const params = z.strictObject({ bidId: idOf('bid') });
const marketParams = z.strictObject({ marketId: idOf('mkt') });
const common = { tag: 'Bids', access: { roles: ['buyer'] } } as const;
const command = { ...common, limit: 'trading', hot: true, answer: CommandedQuoteJson } as const;
const always = ['bidding.busy', 'bidding.deadline', 'bidding.retry', 'bidding.not_owned', 'bidding.key_reused', 'bidding.key_in_flight'];
const placing = ['bidding.self_match', 'bidding.price_tick', 'bidding.price_too_low', 'bidding.price_too_high', 'bidding.payment_method_required', 'bidding.address_required', 'bidding.too_many_quotes', 'bidding.exposure_exceeded', 'bidding.market_not_found', 'bidding.market_halted', 'bidding.user_suspended', 'bidding.email_not_verified', 'bidding.market_retired', 'bidding.currency_mismatch', 'bidding.expiry_not_offered', ...always];
const changing = ['bidding.quote_not_found', 'bidding.already_matched', 'bidding.not_open', ...always];

export function bidRoutes(rpc: Rpc, send: SendTrade): Route[] {
  const bidding = rpc.client(BiddingService);
  return [
    route({
      ...command, method: 'POST', path: '/v1/bids', status: 201, summary: 'Bid on a pair. Matches at once when somebody asks no more; else rests in the book.', idempotencyKey: 'required', refusals: placing,
      body: PlaceBid,
      async handle(input, headers) {
        const { marketId, price, expiresInDays, paymentMethodId, addressVersionId } = input.body;
        const value = { marketId, price: moneyMessage(price), expiresInDays, paymentMethodId, addressVersionId, idempotencyKey: input.key };
        const placed = outcomeOf(await send({ case: 'placeBid', value }, input), 'placedBid');
        headers.header('Location', `/v1/bids/${placed.bid?.id}`);
        return commandedJson(placed.bid, placed, headers);
      },
    }),
    route({
      ...common, method: 'GET', path: '/v1/bids', status: 200, summary: 'One\'s own bids, the latest first.',
      query: quoteQuery, answer: pageOf(QuoteJson),
      async handle({ query, call }) {
        const { bids, nextCursor } = await bidding.getMyBids(query, call);
        return page(bids.map(quoteJson), nextCursor);
      },
    }),
    route({
      ...common, method: 'GET', path: '/v1/bids/{bidId}', status: 200, summary: 'One of one\'s own bids.', refusals: ['bidding.quote_not_found'],
      params, answer: QuoteJson,
      async handle({ params: { bidId }, call }, headers) {
        const { bids: [bid] } = await bidding.getMyBids({ bidId, limit: 1 }, call);
        return versionedJson(bid ?? notFound('bidding.quote_not_found', 'You have no such bid.'), headers);
      },
    }),
    route({
      ...command, method: 'PATCH', path: '/v1/bids/{bidId}', status: 200, summary: 'Change price or expiry. A new price loses time priority and may match.', idempotencyKey: 'optional', refusals: ['bidding.stale', ...placing, ...changing],
      ifMatch: true, params, body: AmendBid,
      async handle(input, headers) {
        const { price, expiresInDays } = changed(input.body);
        const value = { bidId: input.params.bidId, ...(price && { price: moneyMessage(price) }), expiresInDays, expectedVersion: input.ifMatch, idempotencyKey: input.key };
        const amended = outcomeOf(await send({ case: 'amendBid', value }, input), 'amendedBid');
        return commandedJson(amended.bid, amended, headers);
      },
    }),
    route({
      ...command, method: 'DELETE', path: '/v1/bids/{bidId}', status: 200, summary: 'Cancel a bid that has not matched.', idempotencyKey: 'optional', refusals: changing,
      params,
      async handle(input, headers) {
        const value = { bidId: input.params.bidId, idempotencyKey: input.key };
        const cancelled = outcomeOf(await send({ case: 'cancelBid', value }, input), 'cancelledBid');
        return commandedJson(cancelled.bid, cancelled, headers);
      },
    }),
    buyNowRoute(send),
  ];
}

function buyNowRoute(send: SendTrade): Route {
  return route({
    ...command, method: 'POST', path: '/v1/markets/{marketId}/buy-now', status: 201, summary: 'Buy the lowest ask, if it is at most `maxPrice`.', idempotencyKey: 'required', refusals: [...placing, 'bidding.price_moved', 'bidding.no_quotes'],
    params: marketParams, body: BuyNow,
    async handle(input, headers) {
      const { maxPrice, paymentMethodId, addressVersionId } = input.body;
      const value = { marketId: input.params.marketId, limit: moneyMessage(maxPrice), paymentMethodId, addressVersionId, idempotencyKey: input.key };
      const bought = outcomeOf(await send({ case: 'buyNow', value }, input), 'bought');
      return commandedJson(bought.bid, bought, headers);
    },
  });
}
