import { BiddingService, type Level, type MarketData } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, freeText, idOf, InstantJson, instant, minorAmount, queryInt, safe } from './json';
import { notFound } from './not-found';
import { tellReplay } from './replayed';

const DEPTH_MAX = 100;
const MARKETS_MAX = 100;

const TickerJson = z.object({
  marketId: z.string(), productId: z.string(), state: z.string(), currency: z.string(), lowestAsk: AmountJson.optional(), highestBid: AmountJson.optional(),
  numberOfAsks: z.int(), numberOfBids: z.int(), lastSale: AmountJson.optional(), lastSaleAt: InstantJson.optional(), seq: z.int(), tick: z.int(), minPrice: z.int(), maxPrice: z.int(),
});
const MarketDataJson = TickerJson.extend({
  spread: AmountJson.optional().meta({ description: 'Lowest ask less highest bid.' }),
  sellFaster: AmountJson.optional().meta({ description: 'What a sale at once brings: the highest bid of an open market.' }),
  earnMore: AmountJson.optional().meta({ description: 'The dearest price that is first in line: one tick below the lowest ask of an open market, where it is above the highest bid and not below the minimum.' }),
});
export const LevelJson = z.object({ price: z.int().meta({ description: 'In minor units.' }), quotes: z.int() });
const BookJson = z.object({ marketId: z.string(), state: z.string(), seq: z.int(), epoch: z.int(), bids: z.array(LevelJson), asks: z.array(LevelJson) });
const StateJson = z.object({ marketId: z.string(), state: z.string(), seq: z.int() });

const shown = { tag: 'Markets', access: { roles: 'public' }, cacheControl: 'no-cache' } as const;
const administered = { tag: 'Markets', access: { roles: ['admin'] }, idempotencyKey: 'required', answer: StateJson, status: 200 } as const;
const params = z.strictObject({ marketId: idOf('mkt') });
const Reason = z.strictObject({ reason: freeText(500) });
/** A parameter that comes once is a text, more than once a list. */
const marketIds = z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(idOf('mkt')).min(1).max(MARKETS_MAX));

export function marketRoutes(rpc: Rpc): Route[] {
  const bidding = rpc.client(BiddingService);
  return [
    route({
      ...shown, method: 'GET', path: '/v1/markets', status: 200, summary: 'Market data of up to 100 markets: repeat `marketId`.',
      query: z.strictObject({ marketId: marketIds }), answer: z.object({ data: z.array(MarketDataJson) }),
      async handle({ query }) {
        const { markets } = await bidding.getMarketData({ marketIds: query.marketId });
        return { data: markets.map(marketDataJson) };
      },
    }),
    route({
      ...shown, method: 'GET', path: '/v1/markets/{marketId}', status: 200, summary: 'Market data: best prices and what they mean to a seller, last sale, state.', refusals: ['bidding.market_not_found'],
      params, answer: MarketDataJson,
      async handle({ params: { marketId } }) {
        const { markets: [market] } = await bidding.getMarketData({ marketIds: [marketId] });
        return marketDataJson(market ?? notFound('bidding.market_not_found', 'There is no such market.'));
      },
    }),
    route({
      ...shown, method: 'GET', path: '/v1/markets/{marketId}/book', status: 200, summary: 'The book, best prices first. With `minSeq` one surely sees one\'s own quote.', refusals: ['bidding.market_not_found'],
      params, query: z.strictObject({ depth: queryInt(1, DEPTH_MAX).default(50), minSeq: queryInt(0, Number.MAX_SAFE_INTEGER).default(0) }), answer: BookJson,
      async handle({ params: { marketId }, query: { depth, minSeq } }) {
        const { state, seq, epoch, bids, asks } = await bidding.getOrderBook({ marketId, depth, minSeq: BigInt(minSeq) });
        return { marketId, state, seq: safe(seq), epoch: safe(epoch), bids: bids.map(levelJson), asks: asks.map(levelJson) };
      },
    }),
    route({
      ...administered, method: 'POST', path: '/v1/markets/{marketId}/halt', summary: 'Stop trading in a market. Cancels go on.', refusals: ['bidding.market_not_found'],
      params, body: Reason,
      async handle({ params: { marketId }, body: { reason }, key, call }, headers) {
        const { seq, state, replayed } = await bidding.haltMarket({ marketId, reason, idempotencyKey: key }, call);
        tellReplay(headers, { replayed });
        return { marketId, state, seq: safe(seq) };
      },
    }),
    route({
      ...administered, method: 'POST', path: '/v1/markets/{marketId}/resume', summary: 'Let trading go on.', refusals: ['bidding.market_not_found'],
      params, body: Reason,
      async handle({ params: { marketId }, body: { reason }, key, call }, headers) {
        const { seq, state, replayed } = await bidding.resumeMarket({ marketId, reason, idempotencyKey: key }, call);
        tellReplay(headers, { replayed });
        return { marketId, state, seq: safe(seq) };
      },
    }),
  ];
}

export function levelJson({ priceMinor, quotes }: Level): z.input<typeof LevelJson> {
  return { price: safe(priceMinor), quotes };
}

function marketDataJson(market: MarketData): z.input<typeof MarketDataJson> {
  const { currency, spreadMinor, sellFasterMinor, earnMoreMinor } = market;
  return { ...tickerJson(market), spread: minorAmount(spreadMinor, currency), sellFaster: minorAmount(sellFasterMinor, currency), earnMore: minorAmount(earnMoreMinor, currency) };
}

/** What a socket's ticker begins with, and keeps up to date: nothing that would be left behind by its changes. */
export function tickerJson(market: MarketData): z.input<typeof TickerJson> {
  const { marketId, productId, state, currency, lowestAskMinor, highestBidMinor, numberOfAsks, numberOfBids, lastSaleMinor, lastSaleAt, seq, tickMinor, minPriceMinor, maxPriceMinor } = market;
  return {
    marketId, productId, state, currency,
    lowestAsk: minorAmount(lowestAskMinor, currency), highestBid: minorAmount(highestBidMinor, currency), numberOfAsks, numberOfBids,
    lastSale: minorAmount(lastSaleMinor, currency), lastSaleAt: instant(lastSaleAt), seq: safe(seq), tick: safe(tickMinor), minPrice: safe(minPriceMinor), maxPrice: safe(maxPriceMinor),
  };
}
