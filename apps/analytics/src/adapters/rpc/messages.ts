import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type * as pb from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import type { Sale } from '../../application/ports';
import type { AgainstRetail, BrandFigures, MarketFigures, Summary, Totals } from '../../application/reports';
import { averageOf, type Candle } from '../../domain/candle';
import { changeBps, roundedQuotient, spreadOf } from '../../domain/statistics';
import type { Money } from '@libs/kernel/money';

/** One currency for all markets so far; totals over markets are of it. */
export const CURRENCY = 'USD';
const PERIOD_DAYS = 30n;

export function saleMessage({ marketId, productId, size, price, currency, soldAt, sequence }: Sale): MessageInitShape<typeof pb.SaleSchema> {
  return { marketId, productId, size, priceMinor: BigInt(price), currency, soldAt: timestampFromDate(soldAt), sequence: BigInt(sequence) };
}

export function candleMessage({ start, open, high, low, close, sales, revenue }: Candle): MessageInitShape<typeof pb.CandleSchema> {
  return {
    start: timestampFromDate(start), openMinor: BigInt(open), highMinor: BigInt(high), lowMinor: BigInt(low), closeMinor: BigInt(close),
    sales, revenueMinor: BigInt(revenue), averageMinor: BigInt(averageOf(revenue, sales)),
  };
}

export function totalsMessage({ sales, revenue }: Totals, currency = CURRENCY): MessageInitShape<typeof pb.TotalsSchema> {
  return { salesTotal: BigInt(sales), revenueMinor: BigInt(revenue), averageMinor: BigInt(sales === 0 ? 0 : averageOf(revenue, sales)), currency };
}

export function marketMessage(marketId: string, figures: MarketFigures & { currency: string; lowestAsk: Money | undefined }): MessageInitShape<typeof pb.GetMarketStatsResponseSchema> {
  const { currency, last: [last, before], high, low, retail, year, totals, lowestAsk } = figures;
  const spread = spreadOf(year);
  return {
    marketId, currency,
    ...(last && { lastSale: saleMessage(last) }),
    ...(last && before && { changeMinor: BigInt(last.price - before.price), changeBps: changeBps(last.price, before.price) }),
    high52WeeksMinor: big(high), low52WeeksMinor: big(low),
    averageMinor: big(spread?.average), volatilityBps: spread?.volatilityBps, rangeLowMinor: big(spread?.low), rangeHighMinor: big(spread?.high),
    premiumBps: spread && retail !== undefined ? changeBps(spread.average, retail) : undefined,
    salesLast72Hours: BigInt(figures.last72Hours), salesThisPeriod: BigInt(figures.thisPeriod), salesLastPeriod: BigInt(figures.lastPeriod),
    velocityHundredths: roundedQuotient(BigInt(figures.thisPeriod) * 100n, PERIOD_DAYS),
    totals: totalsMessage(totals, currency), lowestAskMinor: big(lowestAsk?.minor),
  };
}

/** Prices against retail, of the sales whose retail price is known. */
function indexOf({ priced, retail }: AgainstRetail): number | undefined {
  return retail === 0 ? undefined : Number(roundedQuotient(BigInt(priced) * 10_000n, BigInt(retail)));
}

export function indexMessage({ brand, now, before }: BrandFigures): MessageInitShape<typeof pb.BrandIndexSchema> {
  const [indexBps, was] = [indexOf(now), indexOf(before)];
  return { brand, indexBps, changeBps: indexBps !== undefined && was !== undefined ? changeBps(indexBps, was) : undefined, totals: totalsMessage(now) };
}

export function summaryMessage({ allTime, recent, lastAt }: Summary): MessageInitShape<typeof pb.SummarySchema> {
  return { allTime: totalsMessage(allTime), last30Days: totalsMessage(recent), ...(lastAt && { lastAt: timestampFromDate(lastAt) }) };
}

function big(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}
