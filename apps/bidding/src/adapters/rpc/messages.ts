import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { MarketDataSchema, MarketUpdateSchema, MatchSchema, QuoteSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { MarketUpdate } from '../../application/market-feed';
import type { MarketView } from '../../application/read-markets';
import type { MatchFacts } from '../../domain/batch';
import type { QuoteFacts } from '../../domain/quote';

export function quoteMessage(quote: QuoteFacts, currency: string, matchId: string | null | undefined): MessageInitShape<typeof QuoteSchema> {
  return {
    id: quote.id,
    marketId: quote.marketId,
    side: quote.side,
    price: { currency, minor: BigInt(quote.price) },
    status: quote.status,
    reason: quote.reason ?? '',
    expiresAt: timestampFromMs(quote.expiresAt),
    placedAt: timestampFromMs(quote.placedAt),
    userId: quote.userId,
    priority: BigInt(quote.prio),
    paymentMethodId: quote.paymentMethodId ?? '',
    addressVersionId: quote.addressVersionId,
    immediate: quote.immediate,
    matchId: matchId ?? '',
    version: BigInt(quote.version),
  };
}

export function matchMessage(match: MatchFacts, currency: string): MessageInitShape<typeof MatchSchema> {
  return { id: match.id, bidId: match.bidId, askId: match.askId, price: { currency, minor: BigInt(match.price) } };
}

export function marketMessage({ terms, state, top, selling, lastSale }: MarketView): MessageInitShape<typeof MarketDataSchema> {
  return {
    marketId: terms.id,
    productId: terms.productId,
    state,
    currency: terms.currency,
    lowestAskMinor: optional(top.lowestAsk),
    highestBidMinor: optional(top.highestBid),
    numberOfAsks: top.asks,
    numberOfBids: top.bids,
    lastSaleMinor: optional(lastSale?.price),
    lastSaleAt: lastSale && timestampFromMs(lastSale.at),
    seq: BigInt(top.seq),
    tickMinor: BigInt(terms.tick),
    minPriceMinor: BigInt(terms.min),
    maxPriceMinor: BigInt(terms.max),
    spreadMinor: optional(selling.spread),
    sellFasterMinor: optional(selling.sellFaster),
    earnMoreMinor: optional(selling.earnMore),
  };
}

export function updateMessage(update: MarketUpdate): MessageInitShape<typeof MarketUpdateSchema> {
  return {
    marketId: update.marketId,
    seq: BigInt(update.seq),
    epoch: BigInt(update.epoch),
    state: update.state,
    lowestAskMinor: optional(update.lowestAsk),
    highestBidMinor: optional(update.highestBid),
    numberOfAsks: update.asks,
    numberOfBids: update.bids,
    bidChanges: levelMessages(update.bidChanges),
    askChanges: levelMessages(update.askChanges),
    committedAtMs: BigInt(update.committedAtMs ?? 0),
  };
}

function levelMessages(levels: ReadonlyMap<number, number>) {
  return [...levels].map(([price, quotes]) => ({ priceMinor: BigInt(price), quotes }));
}

function optional(minor: number | undefined): bigint | undefined {
  return minor === undefined ? undefined : BigInt(minor);
}
