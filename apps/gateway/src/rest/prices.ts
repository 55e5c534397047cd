import type { Candle, GetCandlesResponse, Sale, Totals } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { AnalyticsService } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { timestampOf } from '@libs/kernel/timestamp';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, idOf, InstantJson, instant, knownInstant, minorAmount, page, pageOf, pageQuery, present, queryInstant, queryInt, safe } from './json';

const SaleJson = z.object({ marketId: z.string(), productId: z.string(), size: z.string(), price: AmountJson, soldAt: InstantJson, sequence: z.int() });
const CandleJson = z.object({
  start: InstantJson, open: z.int().meta({ description: 'In minor units, as all prices of a candle.' }), high: z.int(), low: z.int(), close: z.int(), sales: z.int(), revenue: z.int(), average: z.int(),
});
export const ChartJson = z.object({
  data: z.array(CandleJson), interval: z.string(), currency: z.string(), from: InstantJson, to: InstantJson,
  degraded: z.boolean().meta({ description: 'The price history is down or behind; these candles come straight from the trades.' }),
});
export const TotalsJson = z.object({ sales: z.int(), revenue: AmountJson, average: AmountJson.optional() });
const MarketStatsJson = z.object({
  marketId: z.string(), lastSale: SaleJson.optional(), change: AmountJson.optional(), changeBps: z.int().optional(), high52Weeks: AmountJson.optional(), low52Weeks: AmountJson.optional(),
  average12Months: AmountJson.optional(), volatilityBps: z.int().optional(), tradeRange: z.object({ low: AmountJson, high: AmountJson }).optional(), premiumBps: z.int().optional(),
  salesLast72Hours: z.int(), salesThisPeriod: z.int(), salesLastPeriod: z.int(), salesPerDay: z.number(), totals: TotalsJson, lowestAsk: AmountJson.optional(),
});
const ProductStatsJson = z.object({
  productId: z.string(), totals: TotalsJson, salesLast72Hours: z.int(),
  priceBySize: z.array(z.object({ marketId: z.string(), size: z.string(), totals: TotalsJson, last: AmountJson, lastAt: InstantJson })),
});

export const chartQuery = { interval: z.enum(['5m', '1h', '1d', '1w', '1mo']).default('1d'), from: queryInstant.optional(), to: queryInstant.optional() };
export const chartRefusals = ['analytics.range_invalid', 'analytics.range_too_wide'];
const shown = { method: 'GET', status: 200, tag: 'Prices', access: { roles: 'public' }, cacheControl: 'no-cache' } as const;
const ofMarket = { ...shown, params: z.strictObject({ marketId: idOf('mkt') }) } as const;
const ofProduct = { ...shown, params: z.strictObject({ productId: idOf('prd') }) } as const;

export interface ChartQuery {
  readonly interval: string;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** The candles of a market, a product or a brand. */
export function chartOf(rpc: Rpc) {
  const analytics = rpc.client(AnalyticsService);
  return async (scope: string, of: string, { interval, from, to }: ChartQuery) => {
    const chart = await analytics.getCandles({ scope, of, interval, ...(from && { from: timestampOf(from) }), ...(to && { to: timestampOf(to) }) });
    return chartJson(chart, interval);
  };
}

/** What was paid for a pair, one by one and over time. */
export function priceRoutes(rpc: Rpc): Route[] {
  const [analytics, chart] = [rpc.client(AnalyticsService), chartOf(rpc)];
  return [
    route({
      ...ofMarket, path: '/v1/markets/{marketId}/sales', summary: 'Paid sales, newest first. One that is taken back is no longer among them.', refusals: ['analytics.market_not_found', 'analytics.cursor_invalid'],
      query: z.strictObject(pageQuery), answer: pageOf(SaleJson),
      async handle({ params: { marketId }, query: { limit, cursor = '' } }) {
        const { sales, nextCursor } = await analytics.getSales({ marketId, limit, cursor });
        return page(sales.map(saleJson), nextCursor);
      },
    }),
    route({
      ...ofMarket, path: '/v1/markets/{marketId}/candles', summary: 'Candles of whole buckets in UTC, half open; buckets without a sale are left out.', refusals: ['analytics.market_not_found', ...chartRefusals],
      query: z.strictObject(chartQuery), answer: ChartJson, handle: ({ params: { marketId }, query }) => chart('market', marketId, query),
    }),
    route({
      ...ofMarket, path: '/v1/markets/{marketId}/stats', summary: 'Last sale, range, volatility, premium and velocity.', refusals: ['analytics.market_not_found'], answer: MarketStatsJson,
      async handle({ params: { marketId } }) {
        const { currency, lastSale, changeMinor, rangeLowMinor, rangeHighMinor, ...stats } = await analytics.getMarketStats({ marketId });
        const amountOf = (minor: bigint | undefined) => minorAmount(minor, currency);
        const [low, high] = [amountOf(rangeLowMinor), amountOf(rangeHighMinor)];
        return {
          marketId, lastSale: lastSale && saleJson(lastSale), change: amountOf(changeMinor), changeBps: stats.changeBps, high52Weeks: amountOf(stats.high52WeeksMinor), low52Weeks: amountOf(stats.low52WeeksMinor),
          average12Months: amountOf(stats.averageMinor), volatilityBps: stats.volatilityBps, tradeRange: low && high ? { low, high } : undefined, premiumBps: stats.premiumBps,
          salesLast72Hours: safe(stats.salesLast72Hours), salesThisPeriod: safe(stats.salesThisPeriod), salesLastPeriod: safe(stats.salesLastPeriod), salesPerDay: safe(stats.velocityHundredths) / 100,
          totals: totalsJson(stats.totals), lowestAsk: amountOf(stats.lowestAskMinor),
        };
      },
    }),
    route({
      ...ofProduct, path: '/v1/products/{productId}/candles', summary: 'Candles over all sizes of a product.', refusals: ['analytics.product_not_found', ...chartRefusals],
      query: z.strictObject(chartQuery), answer: ChartJson, handle: ({ params: { productId }, query }) => chart('product', productId, query),
    }),
    route({
      ...ofProduct, path: '/v1/products/{productId}/stats', summary: 'Sales, revenue and average price, over all sizes and for each.', refusals: ['analytics.product_not_found'], answer: ProductStatsJson,
      async handle({ params: { productId } }) {
        const { totals, sizes, salesLast72Hours } = await analytics.getProductStats({ productId });
        const currency = present(totals).currency;
        const priceBySize = sizes.map(({ marketId, size, totals: own, lastMinor, lastAt }) => ({ marketId, size, totals: totalsJson(own), last: { amount: safe(lastMinor), currency }, lastAt: knownInstant(lastAt) }));
        return { productId, totals: totalsJson(totals), salesLast72Hours: safe(salesLast72Hours), priceBySize };
      },
    }),
    route({
      ...shown, path: '/v1/trades/recent', summary: 'The last paid sales of all markets.', query: z.strictObject({ limit: queryInt(1, 100).default(20) }), answer: z.object({ data: z.array(SaleJson) }),
      async handle({ query }) {
        const { sales } = await analytics.getRecentTrades(query);
        return { data: sales.map(saleJson) };
      },
    }),
  ];
}

function saleJson({ marketId, productId, size, priceMinor, currency, soldAt, sequence }: Sale): z.input<typeof SaleJson> {
  return { marketId, productId, size, price: { amount: safe(priceMinor), currency }, soldAt: knownInstant(soldAt), sequence: safe(sequence) };
}

export function totalsJson(totals: Totals | undefined): z.input<typeof TotalsJson> {
  const { salesTotal, revenueMinor, averageMinor, currency } = present(totals);
  return { sales: safe(salesTotal), revenue: { amount: safe(revenueMinor), currency }, ...(salesTotal > 0n && { average: { amount: safe(averageMinor), currency } }) };
}

function candleJson({ start, openMinor, highMinor, lowMinor, closeMinor, sales, revenueMinor, averageMinor }: Candle): z.input<typeof CandleJson> {
  return { start: knownInstant(start), open: safe(openMinor), high: safe(highMinor), low: safe(lowMinor), close: safe(closeMinor), sales, revenue: safe(revenueMinor), average: safe(averageMinor) };
}

function chartJson({ candles, currency, from, to, degraded }: GetCandlesResponse, interval: string): z.input<typeof ChartJson> {
  return { data: candles.map(candleJson), interval, currency, from: instant(from) ?? '', to: instant(to) ?? '', degraded };
}
