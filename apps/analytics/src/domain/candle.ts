/** The width of a bucket. All begin in UTC: weeks on Monday, months on their first day. */
export const intervals = ['5m', '1h', '1d', '1w', '1mo'] as const;
export type Interval = (typeof intervals)[number];

export interface Candle {
  readonly start: Date;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly sales: number;
  readonly revenue: number;
}

/** Half open: [from, to). */
export interface Range {
  readonly from: Date;
  readonly to: Date;
}

/** Whose prices: one market's, a product's over all its sizes, or a brand's. */
export type Scope = { readonly kind: 'market' | 'product'; readonly id: string } | { readonly kind: 'brand'; readonly brand: string };

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const WEEK_MS = 7 * DAY_MS;
/** Monday, 29 December 1969. */
const FIRST_MONDAY_MS = -3 * DAY_MS;
const widths: Record<Exclude<Interval, '1mo'>, number> = { '5m': 5 * MINUTE_MS, '1h': 60 * MINUTE_MS, '1d': DAY_MS, '1w': WEEK_MS };

export function isInterval(text: string): text is Interval {
  return (intervals as readonly string[]).includes(text);
}

/** When the bucket that holds `at` begins. */
export function bucketStart(interval: Interval, at: Date): Date {
  if (interval === '1mo') return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1));
  const origin = interval === '1w' ? FIRST_MONDAY_MS : 0;
  const width = widths[interval];
  return new Date(origin + Math.floor((at.getTime() - origin) / width) * width);
}

/** The start of the bucket that is `count` after (or before) the one that starts at `start`. */
export function bucketAfter(interval: Interval, start: Date, count = 1): Date {
  if (interval === '1mo') return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + count, 1));
  return new Date(start.getTime() + count * widths[interval]);
}

/** The whole buckets that a range touches. */
export function wholeBuckets(interval: Interval, { from, to }: Range): Range {
  const last = bucketStart(interval, to);
  return { from: bucketStart(interval, from), to: last.getTime() === to.getTime() ? last : bucketAfter(interval, last) };
}

/** How many buckets a range of whole ones has, counted no further than `max` + 1. */
export function bucketCount(interval: Interval, { from, to }: Range, max: number): number {
  if (interval !== '1mo') return Math.ceil((to.getTime() - from.getTime()) / widths[interval]);
  let count = 0;
  for (let at = from; at < to && count <= max; at = bucketAfter(interval, at)) count += 1;
  return count;
}

/** The mean in minor units, rounded once, half up. */
export function averageOf(revenue: number, sales: number): number {
  return Number((2n * BigInt(revenue) + BigInt(sales)) / (2n * BigInt(sales)));
}
