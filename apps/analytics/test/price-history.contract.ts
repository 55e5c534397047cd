import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { armFailpoint } from '@libs/kernel/failpoint';
import type { Interval } from '../src/domain/candle';
import { type Deal, type Market, plain, type PlainCandle, Scene, type Told } from './scene';

const START = Date.UTC(2026, 0, 28, 22, 50);
const intervals: readonly Interval[] = ['5m', '1h', '1d', '1w', '1mo'];
const ranges: Record<Interval, readonly [string, string]> = {
  '5m': ['2026-01-28T22:50:00Z', '2026-01-31T00:00:00Z'], '1h': ['2026-01-28T00:00:00Z', '2026-02-28T00:00:00Z'],
  '1d': ['2026-01-28T00:00:00Z', '2026-03-20T00:00:00Z'], '1w': ['2026-01-26T00:00:00Z', '2026-03-23T00:00:00Z'], '1mo': ['2026-01-01T00:00:00Z', '2026-04-01T00:00:00Z'],
};
/** Some at the very edge of a bucket, and several at one instant. */
const minutes = fc.oneof(fc.constantFrom(0, 5, 10, 65, 70, 24 * 60 + 70), fc.integer({ min: 0, max: 45 * 24 * 60 }));

/** Candles as anybody would make them by hand: sort, group, look. */
function naive(deals: readonly Deal[], interval: Interval): PlainCandle[] {
  const sorted = [...deals].sort((a, b) => a.at.getTime() - b.at.getTime() || a.seq - b.seq || (a.matchId < b.matchId ? -1 : 1));
  const groups = new Map<string, number[]>();
  for (const { at, price } of sorted) {
    const start = naiveStart(at, interval);
    groups.set(start, [...(groups.get(start) ?? []), price]);
  }
  return [...groups].map(([start, prices]) => [start, prices[0]!, Math.max(...prices), Math.min(...prices), prices.at(-1)!, prices.length, prices.reduce((a, b) => a + b, 0)]);
}

function naiveStart(at: Date, interval: Interval): string {
  const iso = at.toISOString();
  const day = `${iso.slice(0, 10)}T00:00:00.000Z`;
  if (interval === '5m') return `${iso.slice(0, 14)}${String(Math.floor(at.getUTCMinutes() / 5) * 5).padStart(2, '0')}:00.000Z`;
  if (interval === '1h') return `${iso.slice(0, 13)}:00:00.000Z`;
  if (interval === '1d') return day;
  if (interval === '1mo') return `${iso.slice(0, 7)}-01T00:00:00.000Z`;
  const monday = new Date(day);
  while (monday.getUTCDay() !== 1) monday.setUTCDate(monday.getUTCDate() - 1);
  return monday.toISOString();
}

const script = fc.record({
  deals: fc.array(fc.record({ market: fc.nat(2), price: fc.integer({ min: 1, max: 9_999_999_999 }), minute: minutes, fate: fc.constantFrom('sale', 'sale', 'sale', 'busted', 'unpaid', 'unpaid and busted') }), { minLength: 1, maxLength: 25 }),
  seed: fc.integer(),
});

/** What both forms of the price history keep. `runs`: how many random histories. */
export function priceHistoryContract(form: string, env: Readonly<Record<string, string>>, runs: number): void {
  describe(`the price history in ${form}`, () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await Scene.begin(env);
    }, 60_000);
    afterAll(() => scene?.stop());

    const checks = async (deals: readonly Deal[], [of, scope]: readonly [string, string]) => {
      for (const interval of intervals) {
        const [from, to] = ranges[interval].map((text) => new Date(text)) as [Date, Date];
        const chart = await scene.candles([of, scope], interval, from, to);
        const within = deals.filter(({ at }) => at >= from && at < to);
        expect({ scope, interval, degraded: chart.degraded, candles: chart.candles.map(plain) }).toEqual({ scope, interval, degraded: false, candles: naive(within, interval) });
      }
    };

    it('gives the candles of exactly the paid sales that were not taken back, in whatever order and however often it hears of them', async () => {
      await fc.assert(
        fc.asyncProperty(script, async ({ deals: wanted, seed }) => {
          const random = drawer(seed);
          const brand = `Brand "${randomUUID().slice(0, 8)}, \\ of`;
          const products = [await scene.product(['9', '10'], { brand, isTold: false }), await scene.product(['9'], { brand, isTold: false })];
          const markets = products.flatMap((product) => product.markets);
          const sales: Deal[] = [];
          const streams = new Map<string, Told[]>();
          const tell = (told: Told) => streams.set(`${told.name.startsWith('order') ? 'o' : 'm'}${told.key}`, [...(streams.get(`${told.name.startsWith('order') ? 'o' : 'm'}${told.key}`) ?? []), told]);
          for (const { market, price, minute, fate } of wanted) {
            const deal = scene.deal(markets[market] as Market, price, new Date(START + minute * 60_000));
            tell(scene.matched(deal));
            if (fate === 'sale' || fate === 'busted') tell(scene.paid(deal));
            if (fate.endsWith('busted')) tell(scene.busted(deal));
            if (fate === 'sale') sales.push(deal);
          }
          await deliver(scene, [...streams.values()], products, random);
          await scene.settled();
          for (const market of markets) await checks(sales.filter((deal) => deal.market === market), [market.id, 'market']);
          await checks(sales.filter((deal) => deal.market.productId === markets[0]?.productId), [markets[0]?.productId ?? '', 'product']);
          await checks(sales, [brand, 'brand']);
        }),
        { numRuns: runs, endOnFailure: true },
      );
    }, 240_000);

    it('takes a sale back from candles in which it was shown', async () => {
      const market = await scene.market();
      const at = new Date('2026-02-02T10:00:00Z');
      const [first, second] = [await scene.sells(market, 20_000, at), await scene.sells(market, 30_000, at)];
      await scene.settled();
      await checks([first, second], [market.id, 'market']);
      await scene.tell(scene.busted(second));
      await scene.settled();
      await checks([first], [market.id, 'market']);
      await checks([first], [market.productId, 'product']);
      await checks([first], [market.brand, 'brand']);
      await scene.tell(scene.busted(first));
      await scene.settled();
      for (const place of [[market.id, 'market'], [market.productId, 'product'], [market.brand, 'brand']] as const) await checks([], place);
    }, 60_000);

    it('keeps two sales of one market at one instant apart', async () => {
      const market = await scene.market();
      const at = new Date('2026-02-03T10:00:00.123Z');
      const deals: Deal[] = [];
      for (let i = 0; i < 20; i++) deals.push(await scene.sells(market, 10_000 + i, at));
      await scene.settled();
      await checks(deals, [market.id, 'market']);
    }, 60_000);

    it.each(['analytics.midBulk', 'analytics.afterBulkBeforeOffset'] as const)('loses nothing and doubles nothing when the work is cut off at %s', async (point) => {
      const market = await scene.market();
      let deaths = 0;
      armFailpoint(point, () => {
        if (deaths++ < 2) throw new Error('cut off');
      });
      try {
        const deals = [await scene.sells(market, 100, new Date('2026-02-06T10:00:00Z')), await scene.sells(market, 300, new Date('2026-02-06T11:00:00Z'))];
        await scene.settled();
        expect(deaths).toBeGreaterThan(2);
        await checks(deals, [market.id, 'market']);
        await checks(deals, [market.brand, 'brand']);
      } finally {
        armFailpoint(point, () => undefined);
      }
    }, 60_000);

    it('is the same after it was built anew', async () => {
      const market = await scene.market();
      const deals = [await scene.sells(market, 100, new Date('2026-02-07T10:00:00Z')), await scene.sells(market, 300, new Date('2026-02-07T10:00:00Z'))];
      await scene.settled();
      const { state, before_hash: before, after_hash: after } = await scene.rebuilds();
      expect([state, after]).toEqual(['done', before]);
      for (const place of [[market.id, 'market'], [market.productId, 'product'], [market.brand, 'brand']] as const) await checks(deals, place);
    }, 60_000);

    it('is half open: a sale at the end of a bucket is the next one\'s', async () => {
      const market = await scene.market();
      await scene.sells(market, 100, new Date('2026-02-04T23:59:59.999Z'));
      await scene.sells(market, 200, new Date('2026-02-05T00:00:00.000Z'));
      await scene.settled();
      const { candles } = await scene.candles([market.id, 'market'], '1d', new Date('2026-02-04T00:00:00Z'), new Date('2026-02-05T00:00:00Z'));
      expect(candles.map(plain)).toEqual([['2026-02-04T00:00:00.000Z', 100, 100, 100, 100, 1, 100]]);
    });
  });
}

/** Streams keep their own order; what comes first among them is left to chance, and some of it comes twice. */
async function deliver(scene: Scene, streams: Told[][], products: readonly { tell(): Promise<void> }[], random: () => number): Promise<void> {
  const untold = [...products];
  const said: { again(): Promise<void> }[] = [];
  while (streams.some((stream) => stream.length > 0) || untold.length > 0) {
    if (untold.length > 0 && (random() < 0.1 || streams.every((stream) => stream.length === 0))) await untold.pop()?.tell();
    const open = streams.filter((stream) => stream.length > 0);
    const next = open[Math.floor(random() * open.length)]?.shift();
    if (next) said.push(await scene.tell(next));
    if (said.length > 0 && random() < 0.2) await said[Math.floor(random() * said.length)]?.again();
  }
}

/** Mulberry32. */
function drawer(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
