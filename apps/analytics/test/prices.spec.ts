import { AnalyticsService } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { uuidOfOwn } from '@libs/kernel/ids';
import { newId, type Market, Scene, usd, user } from './scene';

jest.setTimeout(60_000);

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.begin();
}, 60_000);
afterAll(() => scene.stop());

const ago = (days: number) => new Date(scene.service.clock.now().getTime() - days * 86_400_000);
const stats = ({ id: marketId }: Market) => scene.analytics.getMarketStats({ marketId });

describe('the sales of a market', () => {
  it('are those that were paid, newest first, page by page', async () => {
    const market = await scene.market();
    for (const price of [100, 200, 300]) await scene.sells(market, price, ago(4 - price / 100));
    await scene.tell(scene.matched(scene.deal(market, 999, ago(0))));
    await scene.settled();
    const first = await scene.analytics.getSales({ marketId: market.id, limit: 2 });
    expect(first.sales.map(({ priceMinor }) => priceMinor)).toEqual([300n, 200n]);
    const second = await scene.analytics.getSales({ marketId: market.id, limit: 2, cursor: first.nextCursor });
    expect([second.sales.map(({ priceMinor }) => priceMinor), second.nextCursor]).toEqual([[100n], '']);
  });

  it('are none where there is no market', async () => {
    await expect(scene.analytics.getSales({ marketId: newId('mkt') })).rejects.toMatchObject({ code: 'analytics.market_not_found' });
    await expect(scene.analytics.getSales({ marketId: (await scene.market()).id, cursor: 'x' })).rejects.toMatchObject({ code: 'analytics.cursor_invalid' });
  });
});

describe('the figures of a market', () => {
  it('tell the last sale, the year, the premium and the pace', async () => {
    const market = await scene.market();
    for (const [price, days] of [[50_000, 400], [20_000, 40], [10_000, 20], [30_000, 2]] as const) await scene.sells(market, price, ago(days));
    await scene.settled();
    expect(await stats(market)).toMatchObject({
      lastSale: { priceMinor: 30_000n }, changeMinor: 20_000n, changeBps: 20_000, high52WeeksMinor: 30_000n, low52WeeksMinor: 10_000n,
      averageMinor: 20_000n, volatilityBps: 4_082, rangeLowMinor: 11_835n, rangeHighMinor: 28_165n, premiumBps: 1_111,
      salesLast72Hours: 1n, salesThisPeriod: 2n, salesLastPeriod: 1n, velocityHundredths: 7n, totals: { salesTotal: 4n, revenueMinor: 110_000n, averageMinor: 27_500n },
    });
  });

  it('forget a sale that was taken back', async () => {
    const market = await scene.market();
    await scene.sells(market, 10_000, ago(2));
    const gone = await scene.sells(market, 90_000, ago(1));
    await scene.tell(scene.busted(gone));
    await scene.settled();
    expect(await stats(market)).toMatchObject({ lastSale: { priceMinor: 10_000n }, high52WeeksMinor: 10_000n, totals: { salesTotal: 1n, revenueMinor: 10_000n } });
  });

  it('know only sales that have come to their number and their money', async () => {
    const market = await scene.market();
    await scene.tell(scene.paid(scene.deal(market, 10_000, ago(1))));
    await scene.settled();
    expect((await stats(market)).lastSale).toBeUndefined();
  });

  it('move with business time', async () => {
    const market = await scene.market();
    await scene.sells(market, 10_000);
    await scene.settled();
    expect((await stats(market)).salesLast72Hours).toBe(1n);
    scene.service.clock.passes({ hours: 73 });
    expect((await stats(market)).salesLast72Hours).toBe(0n);
  });
});

describe('many markets', () => {
  it('have a price for each size, and one product over all', async () => {
    const { markets: [small, big] } = await scene.product(['8', '12']);
    await scene.sells(small!, 10_000);
    await scene.sells(big!, 20_000);
    await scene.sells(big!, 20_001);
    await scene.settled();
    const { totals, sizes } = await scene.analytics.getProductStats({ productId: small!.productId });
    expect(totals).toMatchObject({ salesTotal: 3n, revenueMinor: 50_001n, averageMinor: 16_667n });
    expect(sizes.map(({ size, lastMinor, totals: own }) => [size, lastMinor, own?.averageMinor])).toEqual([['12', 20_001n, 20_001n], ['8', 10_000n, 10_000n]]);
  });

  it('are sorted by how far they have moved', async () => {
    const [up, more, down] = [await scene.market(), await scene.market(), await scene.market()];
    for (const [market, before, now] of [[up, 100, 150], [more, 100, 300], [down, 100, 50]] as const) {
      await scene.sells(market, before, ago(8));
      await scene.sells(market, now, ago(1));
    }
    await scene.settled();
    const ids = async (direction: string) => (await scene.analytics.getMovers({ window: '7d', direction, limit: 100 })).movers.map(({ marketId, changeBps }) => [marketId, changeBps]);
    const [ups, downs] = [await ids('up'), await ids('down')];
    expect(ups.filter(([id]) => id === up.id || id === more.id)).toEqual([[more.id, 20_000], [up.id, 5_000]]);
    expect(downs).toContainEqual([down.id, -5_000]);
    expect(ups.map(([id]) => id)).not.toContain(down.id);
  });

  it('have a brand index against retail, without what was taken back', async () => {
    const brand = `Brand ${newId('prd')}`;
    const { markets: [market] } = await scene.product(['9'], { brand, retail: 20_000 });
    await scene.sells(market!, 20_000, ago(40));
    await scene.sells(market!, 30_000, ago(3));
    await scene.tell(scene.busted(await scene.sells(market!, 90_000, ago(2))));
    await scene.settled();
    expect((await scene.analytics.getBrand({ brand })).index).toMatchObject({ indexBps: 15_000, changeBps: 5_000, totals: { salesTotal: 1n } });
    expect((await scene.analytics.getIndices({})).indices.find((index) => index.brand === brand)).toMatchObject({ indexBps: 15_000 });
    await expect(scene.analytics.getBrand({ brand: 'nobody' })).rejects.toMatchObject({ code: 'analytics.brand_not_found' });
  });

  it('show a seller what they sold, a buyer what they bought, and an admin everything', async () => {
    const [sam, bea, admin] = [user(), user(), user('admin')];
    const market = await scene.market();
    await scene.sells(market, 10_000, ago(40), { sellerId: sam.id, buyerId: bea.id });
    await scene.sells(market, 20_000, ago(1), { sellerId: sam.id });
    await scene.tell(scene.busted(await scene.sells(market, 70_000, ago(1), { sellerId: sam.id, buyerId: bea.id })));
    await scene.settled();
    const as = (who: typeof sam) => scene.service.client(AnalyticsService, who);
    expect((await as(sam).getSellingSummary({})).summary).toMatchObject({ allTime: { salesTotal: 2n, revenueMinor: 30_000n }, last30Days: { salesTotal: 1n, revenueMinor: 20_000n } });
    expect((await as(bea).getBuyingSummary({})).summary).toMatchObject({ allTime: { salesTotal: 1n, revenueMinor: 10_000n } });
    expect(await as(admin).getKpis({})).toMatchObject({ busts: expect.any(BigInt) as bigint });
    await expect(as(sam).getKpis({})).rejects.toMatchObject({ code: 'rpc.role_missing' });
  });
});

describe('a chart', () => {
  it('has a limit, an order and known widths', async () => {
    const market = await scene.market();
    const [from, to] = [ago(30), ago(0)];
    await expect(scene.candles([market.id, 'market'], '5m', from, to)).rejects.toMatchObject({ code: 'analytics.range_too_wide' });
    await expect(scene.candles([market.id, 'market'], '1d', to, from)).rejects.toMatchObject({ code: 'analytics.range_invalid' });
    await expect(scene.candles([market.id, 'market'], '2d', from, to)).rejects.toMatchObject({ code: 'analytics.value_unknown' });
    await expect(scene.candles([newId('prd'), 'product'], '1d', from, to)).rejects.toMatchObject({ code: 'analytics.product_not_found' });
  });
});

describe('a rebuild from the owners', () => {
  it('equals what was there, asks too, while sales go on', async () => {
    const market = await scene.market();
    const askId = newId('ask');
    const expiresAt = { seconds: 1_900_000_000n, nanos: 0 };
    await scene.service.deliver('ask.placed', market.id, { marketId: market.id, marketSeq: 1n, quote: { id: askId, marketId: market.id, side: 'ask', price: usd(500), status: 'active', expiresAt } });
    scene.owners.asks.push({ askId, marketId: market.id, price: usd(500), expiresAt, marketSeq: 1n });
    for (let i = 0; i < 5; i++) await scene.sells(market, 100 + i);
    await scene.settled();
    const { state, before_hash: before, after_hash: after, changed } = await scene.rebuilds();
    expect({ state, after, changed }).toEqual({ state: 'done', after: before, changed: 0 });
  });

  it('mends what somebody has spoilt', async () => {
    const market = await scene.market();
    const [kept, gone] = [await scene.sells(market, 100), await scene.sells(market, 200)];
    await scene.settled();
    const { after_hash: healthy } = await scene.rebuilds();
    await scene.service.sql.query('update trades set price = 1 where match_id = $1', [uuidOfOwn('mtc', kept.matchId)]);
    await scene.service.sql.query('delete from trades where match_id = $1', [uuidOfOwn('mtc', gone.matchId)]);
    await scene.service.sql.query(`insert into trades (match_id, market_id) values (gen_random_uuid(), $1)`, [uuidOfOwn('mkt', market.id)]);
    const { before_hash: spoilt, after_hash: mended, changed } = await scene.rebuilds();
    expect([spoilt === healthy, mended, changed]).toEqual([false, healthy, 3]);
    expect((await scene.analytics.getSales({ marketId: market.id })).sales.map(({ priceMinor }) => priceMinor)).toEqual([200n, 100n]);
  });
});
