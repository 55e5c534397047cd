import { Controller } from '@nestjs/common';
import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import type * as pb from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { AnalyticsService } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { type CallContext, requireRole } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { ReadCandles } from '../../application/read-candles';
import { ReadPrices } from '../../application/read-prices';
import { changeBps, roundedQuotient } from '../../domain/statistics';
import { candleMessage, CURRENCY, indexMessage, marketMessage, saleMessage, summaryMessage, totalsMessage } from './messages';

@Controller()
@RpcService(AnalyticsService)
export class AnalyticsController implements RpcHandlers<typeof AnalyticsService> {
  constructor(
    private readonly prices: ReadPrices,
    private readonly charts: ReadCandles,
  ) {}

  async getSales({ marketId, limit, cursor }: pb.GetSalesRequest) {
    const { sales, nextCursor } = await this.prices.salesOf(marketId, limit, cursor);
    return { sales: sales.map(saleMessage), nextCursor };
  }

  async getCandles({ scope, of, interval, from, to }: pb.GetCandlesRequest) {
    const chart = await this.charts.execute({ scope, of, interval, from: from && timestampDate(from), to: to && timestampDate(to) });
    return { candles: chart.candles.map(candleMessage), currency: CURRENCY, from: timestampFromDate(chart.from), to: timestampFromDate(chart.to), degraded: chart.isDegraded };
  }

  async getMarketStats({ marketId }: pb.GetMarketStatsRequest) {
    return marketMessage(marketId, await this.prices.market(marketId));
  }

  async getProductStats({ productId }: pb.GetProductStatsRequest) {
    const { sizes, totals, last72Hours } = await this.prices.product(productId);
    const sized = sizes.map(({ marketId, size, last, lastAt, totals: own }) => ({ marketId, size, totals: totalsMessage(own), lastMinor: BigInt(last), lastAt: timestampFromDate(lastAt) }));
    return { productId, totals: totalsMessage(totals), sizes: sized, salesLast72Hours: BigInt(last72Hours) };
  }

  async getRecentTrades({ limit }: pb.GetRecentTradesRequest) {
    return { sales: (await this.prices.recent(limit)).map(saleMessage) };
  }

  async getMovers({ window, direction, limit }: pb.GetMoversRequest) {
    const movers = await this.prices.movers(window, direction, limit);
    return { movers: movers.map(({ last, before, sales, ...market }) => ({ ...market, lastMinor: BigInt(last), beforeMinor: BigInt(before), changeBps: changeBps(last, before) ?? 0, sales: BigInt(sales) })) };
  }

  async getIndices() {
    return { indices: (await this.prices.indices()).map(indexMessage) };
  }

  async getBrand({ brand }: pb.GetBrandRequest) {
    const figures = await this.prices.brand(brand);
    return { index: indexMessage(figures), allTime: totalsMessage(figures.allTime), salesLast72Hours: BigInt(figures.last72Hours) };
  }

  async getSellingSummary(_request: pb.GetSellingSummaryRequest, call: CallContext) {
    return { summary: summaryMessage(await this.prices.summary('seller', requireRole(call, 'seller').id)) };
  }

  async getBuyingSummary(_request: pb.GetBuyingSummaryRequest, call: CallContext) {
    return { summary: summaryMessage(await this.prices.summary('buyer', requireRole(call, 'buyer').id)) };
  }

  async getKpis(_request: pb.GetKpisRequest, call: CallContext) {
    requireRole(call, 'admin');
    const { allTime, lastDay, recent, matches, busts, unpaidBusts, ...counts } = await this.prices.kpis();
    return {
      allTime: totalsMessage(allTime), last24Hours: totalsMessage(lastDay), last30Days: totalsMessage(recent),
      matches: BigInt(matches), busts: BigInt(busts), unpaidBusts: BigInt(unpaidBusts), bustRateBps: matches === 0 ? 0 : Number(roundedQuotient(BigInt(busts) * 10_000n, BigInt(matches))),
      buyersLast30Days: BigInt(counts.buyers), sellersLast30Days: BigInt(counts.sellers), marketsWithSales: BigInt(counts.markets), openAsks: BigInt(counts.openAsks),
    };
  }
}
