import fc from 'fast-check';
import { averageOf, bucketAfter, bucketCount, bucketStart, intervals, wholeBuckets } from './candle';
import { crosses, hasDropped, hasFallen } from './price-drop';
import { changeBps, spreadOf } from './statistics';

const sums = (prices: readonly number[]) => ({ count: prices.length, sum: prices.reduce((all, price) => all + BigInt(price), 0n), squares: prices.reduce((all, price) => all + BigInt(price) * BigInt(price), 0n) });
const prices = fc.array(fc.integer({ min: 1, max: 9_999_999_999 }), { minLength: 1, maxLength: 50 });

describe('the spread of prices', () => {
  it('of nothing is nothing', () => expect(spreadOf(sums([]))).toBeUndefined());

  it('of one price is that price', () => expect(spreadOf(sums([45_000]))).toEqual({ average: 45_000, volatilityBps: 0, low: 45_000, high: 45_000 }));

  it('is mean and deviation over the mean: 100 and 300 lie 100 around 200', () => expect(spreadOf(sums([100, 300]))).toEqual({ average: 200, volatilityBps: 5_000, low: 100, high: 300 }));

  it('is within a minor unit of what floating point says', () => {
    fc.assert(fc.property(prices, (some) => {
      const mean = some.reduce((a, b) => a + b, 0) / some.length;
      const sigma = Math.sqrt(some.reduce((all, price) => all + (price - mean) ** 2, 0) / some.length);
      const { average, volatilityBps, low, high } = spreadOf(sums(some))!;
      for (const [exact, rough] of [[average, mean], [low, mean - sigma], [high, mean + sigma], [volatilityBps, (sigma / mean) * 10_000]] as const) expect(Math.abs(exact - rough)).toBeLessThanOrEqual(1 + Math.abs(rough) * 1e-9);
    }));
  });
});

it('averages are rounded once, half up', () => {
  expect([averageOf(3, 2), averageOf(5, 2), averageOf(10, 3), averageOf(11, 3)]).toEqual([2, 3, 3, 4]);
});

it('changes are in basis points of what was before, rounded half up', () => {
  expect([changeBps(110, 100), changeBps(90, 100), changeBps(100_005, 100_000), changeBps(100, 0)]).toEqual([1_000, -1_000, 1, undefined]);
});

describe('buckets', () => {
  const instants = fc.date({ min: new Date('1971-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

  it.each(intervals)('of %s hold the instant that they are asked for, and follow each other without a gap', (interval) => {
    fc.assert(fc.property(instants, (at) => {
      const start = bucketStart(interval, at);
      const next = bucketAfter(interval, start);
      expect(start <= at && at < next).toBe(true);
      expect([bucketStart(interval, start), bucketStart(interval, next), bucketAfter(interval, next, -1)]).toEqual([start, next, start]);
    }));
  });

  it('begin weeks on Monday and months on the first', () => {
    expect([bucketStart('1w', new Date('2026-03-01T23:59:59Z')), bucketStart('1mo', new Date('2026-02-28T23:59:59Z'))].map((at) => at.toISOString())).toEqual(['2026-02-23T00:00:00.000Z', '2026-02-01T00:00:00.000Z']);
  });

  it('are taken whole: a range grows to the buckets that it touches, and ends half open', () => {
    const range = wholeBuckets('1d', { from: new Date('2026-02-01T10:00:00Z'), to: new Date('2026-02-03T00:00:00Z') });
    expect([range.from.toISOString(), range.to.toISOString(), bucketCount('1d', range, 10)]).toEqual(['2026-02-01T00:00:00.000Z', '2026-02-03T00:00:00.000Z', 2]);
    expect(bucketCount('1mo', { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2027-01-01T00:00:00Z') }, 100)).toBe(12);
  });
});

describe('a drop', () => {
  it('is a lower price, or the first', () => expect([[500, 600], [600, 600], [700, 600], [500, undefined], [undefined, 500]].map(([now, before]) => hasDropped({ now, before, highest: undefined }))).toEqual([true, false, false, true, false]));

  it('crosses a threshold only from above', () => {
    const cases = [[500, 600, 550], [500, 600, 500], [500, 500, 500], [500, 540, 550], [560, 600, 550], [500, undefined, 550]] as const;
    expect(cases.map(([now, before, threshold]) => crosses({ now, before, highest: undefined }, threshold))).toEqual([true, true, false, false, false, true]);
  });

  it('is a fall from 5 % on, to the cent', () => expect([9_501, 9_500, 9_499].map((now) => hasFallen({ now, before: 10_000, highest: 10_000 }))).toEqual([false, true, true]));
});
