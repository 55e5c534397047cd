import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type * as pb from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { moneyToMessage } from '@libs/kernel/money';
import type { PortfolioItem, PriceAlert, Watchlist } from '../../application/collections';
import type { PortfolioValue, Worth } from '../../application/read-portfolio';

export function watchlistMessage({ id, name, marketIds, createdAt }: Watchlist): MessageInitShape<typeof pb.WatchlistSchema> {
  return { id, name, marketIds: [...marketIds], createdAt: timestampFromDate(createdAt) };
}

export function alertMessage({ id, marketId, threshold, createdAt }: PriceAlert): MessageInitShape<typeof pb.PriceAlertSchema> {
  return { id, marketId, threshold: moneyToMessage(threshold), createdAt: timestampFromDate(createdAt) };
}

export function itemMessage(item: PortfolioItem & Partial<Worth>): MessageInitShape<typeof pb.PortfolioItemSchema> {
  const { id, marketId, productId, size, cost, acquiredAt, source, orderId = '', note, sold, atHighestBid, atLastSale } = item;
  const { currency } = cost;
  return {
    id, marketId, productId, size, cost: moneyToMessage(cost), acquiredAt: timestampFromDate(acquiredAt), source, orderId, note,
    ...(sold && { proceeds: moneyToMessage(sold.proceeds), soldAt: timestampFromDate(sold.at) }),
    ...(atHighestBid !== undefined && { atHighestBid: moneyToMessage({ currency, minor: atHighestBid }) }),
    ...(atLastSale !== undefined && { atLastSale: moneyToMessage({ currency, minor: atLastSale }) }),
  };
}

export function valueMessage(value: PortfolioValue, currency: string): MessageInitShape<typeof pb.PortfolioValueSchema> {
  return {
    currency, owned: BigInt(value.owned), sold: BigInt(value.sold), costMinor: BigInt(value.cost), atHighestBidMinor: BigInt(value.atHighestBid), atLastSaleMinor: BigInt(value.atLastSale),
    unrealisedAtHighestBidMinor: BigInt(value.unrealisedAtHighestBid), unrealisedAtLastSaleMinor: BigInt(value.unrealisedAtLastSale), realisedMinor: BigInt(value.realised), degraded: value.isDegraded,
  };
}
