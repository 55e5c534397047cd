import { AnalyticsService, type BrandIndex, type Summary } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, InstantJson, instant, line, present, queryInt, safe } from './json';
import { chartOf, ChartJson, chartQuery, chartRefusals, TotalsJson, totalsJson } from './prices';

const MoverJson = z.object({ marketId: z.string(), productId: z.string(), size: z.string(), last: AmountJson, before: AmountJson, changeBps: z.int(), sales: z.int() });
const IndexJson = z.object({
  brand: z.string(), indexBps: z.int().optional().meta({ description: 'Prices of the last 30 days against retail: 10000 is retail.' }), changeBps: z.int().optional(), last30Days: TotalsJson,
});
const BrandJson = IndexJson.extend({ allTime: TotalsJson, salesLast72Hours: z.int(), chart: ChartJson });
const SummaryJson = z.object({ allTime: TotalsJson, last30Days: TotalsJson, lastAt: InstantJson.optional() });
const KpisJson = z.object({
  allTime: TotalsJson, last24Hours: TotalsJson, last30Days: TotalsJson, matches: z.int(), busts: z.int(), unpaidBusts: z.int(), bustRateBps: z.int(),
  buyersLast30Days: z.int(), sellersLast30Days: z.int(), marketsWithSales: z.int(), openAsks: z.int(),
});

const shown = { method: 'GET', status: 200, tag: 'Analytics', access: { roles: 'public' }, cacheControl: 'no-cache' } as const;
const own = { method: 'GET', status: 200, tag: 'Analytics' } as const;

/** What can be said of many markets at once. */
export function analyticsRoutes(rpc: Rpc): Route[] {
  const [analytics, chart] = [rpc.client(AnalyticsService), chartOf(rpc)];
  return [
    route({
      ...shown, path: '/v1/analytics/movers', summary: 'Markets whose price has moved furthest.', answer: z.object({ data: z.array(MoverJson) }),
      query: z.strictObject({ window: z.enum(['24h', '7d', '30d']).default('7d'), direction: z.enum(['up', 'down']).default('up'), limit: queryInt(1, 100).default(20) }),
      async handle({ query }) {
        const { movers } = await analytics.getMovers(query);
        return { data: movers.map(({ marketId, productId, size, lastMinor, beforeMinor, changeBps, sales, currency }) => ({ marketId, productId, size, last: { amount: safe(lastMinor), currency }, before: { amount: safe(beforeMinor), currency }, changeBps, sales: safe(sales) })) };
      },
    }),
    route({
      ...shown, path: '/v1/analytics/indices', summary: 'Each brand\'s prices against retail.', answer: z.object({ data: z.array(IndexJson) }),
      async handle() {
        const { indices } = await analytics.getIndices({});
        return { data: indices.map(indexJson) };
      },
    }),
    route({
      ...shown, path: '/v1/analytics/brands/{brand}', summary: 'A brand: its index, its sales, its candles.', refusals: ['analytics.brand_not_found', ...chartRefusals],
      params: z.strictObject({ brand: line(100) }), query: z.strictObject(chartQuery), answer: BrandJson,
      async handle({ params: { brand }, query }) {
        const [{ index, allTime, salesLast72Hours }, candles] = await Promise.all([analytics.getBrand({ brand }), chart('brand', brand, query)]);
        return { ...indexJson(present(index)), allTime: totalsJson(allTime), salesLast72Hours: safe(salesLast72Hours), chart: candles };
      },
    }),
    route({
      ...own, access: { roles: ['seller'] }, path: '/v1/analytics/selling/summary', summary: 'What one has sold.', answer: SummaryJson,
      async handle({ call }) {
        const { summary } = await analytics.getSellingSummary({}, call);
        return summaryJson(summary);
      },
    }),
    route({
      ...own, access: { roles: ['buyer'] }, path: '/v1/analytics/buying/summary', summary: 'What one has bought.', answer: SummaryJson,
      async handle({ call }) {
        const { summary } = await analytics.getBuyingSummary({}, call);
        return summaryJson(summary);
      },
    }),
    route({
      ...own, access: { roles: ['admin'] }, path: '/v1/analytics/admin/kpis', summary: 'The platform\'s figures.', answer: KpisJson,
      async handle({ call }) {
        const kpis = await analytics.getKpis({}, call);
        return {
          allTime: totalsJson(kpis.allTime), last24Hours: totalsJson(kpis.last24Hours), last30Days: totalsJson(kpis.last30Days),
          matches: safe(kpis.matches), busts: safe(kpis.busts), unpaidBusts: safe(kpis.unpaidBusts), bustRateBps: kpis.bustRateBps,
          buyersLast30Days: safe(kpis.buyersLast30Days), sellersLast30Days: safe(kpis.sellersLast30Days), marketsWithSales: safe(kpis.marketsWithSales), openAsks: safe(kpis.openAsks),
        };
      },
    }),
  ];
}

function indexJson({ brand, indexBps, changeBps, totals }: BrandIndex): z.input<typeof IndexJson> {
  return { brand, indexBps, changeBps, last30Days: totalsJson(totals) };
}

function summaryJson(summary: Summary | undefined): z.input<typeof SummaryJson> {
  const { allTime, last30Days, lastAt } = present(summary);
  return { allTime: totalsJson(allTime), last30Days: totalsJson(last30Days), lastAt: instant(lastAt) };
}
