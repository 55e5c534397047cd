import { randomUUID } from 'node:crypto';
import type { Problem } from '@libs/client/api';
import type { Trader } from '@libs/client/trader';
import type { Story } from '@libs/testing/story';

interface Sales {
  readonly data: readonly { readonly price: { readonly amount: number }; readonly productId: string }[];
}
interface Chart {
  readonly data: readonly { readonly open: number; readonly close: number; readonly sales: number }[];
  readonly degraded: boolean;
}
interface Portfolio {
  readonly data: readonly { readonly source: string; readonly cost: { readonly amount: number } }[];
  readonly value: { readonly atHighestBid: { readonly amount: number }; readonly unrealisedAtHighestBid: { readonly amount: number } };
}

const refusal = (problem: Problem) => problem;
const pricesIn = async (who: Trader, market: string) => (await who.api.get<Sales>(`/v1/markets/${market}/sales`)).data.map(({ price }) => price.amount);
const closesOf = async (who: Trader, path: string) => (await who.api.get<Chart>(`${path}interval=1d`)).data.map(({ close, sales }) => [close, sales]);

/** What the world sees of prices after they have met. */
export function pricesJourneys(story: () => Story): void {
  it('a sale is in the list and the candle when it is paid, and in neither when it is taken back', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    const [market, other] = (await story().markets(2)) as [string, string];
    await story().trade(bea, sam, 450, market);
    expect(await pricesIn(bea, market)).toEqual([45_000]);
    const { productId } = (await bea.api.get<Sales>(`/v1/markets/${market}/sales`)).data[0] ?? { productId: '' };
    await story().trade(bea, sam, 300, other);
    expect(await closesOf(bea, `/v1/markets/${market}/candles?`)).toEqual([[45_000, 1]]);
    expect(await closesOf(bea, `/v1/products/${productId}/candles?`)).toEqual([[30_000, 2]]);
    expect(await bea.api.get(`/v1/markets/${market}/stats`)).toMatchObject({ lastSale: { price: { amount: 45_000 } }, totals: { sales: 1 }, premiumBps: 15_000 });

    // Nobody ships: after the deadline the sales are none.
    await story().passes({ days: 6 });
    expect(await pricesIn(bea, market)).toEqual([]);
    expect(await closesOf(bea, `/v1/products/${productId}/candles?from=2026-01-01T00:00:00Z&`).catch(refusal)).toEqual([]);
    expect((await bea.api.get<{ lastSale?: unknown }>(`/v1/markets/${market}/stats`)).lastSale).toBeUndefined();
  });

  it('a match that was never paid is no sale', async () => {
    const [ben, sam, market] = [await story().buyer('Ben', 'pm_card_chargeCustomerFail'), await story().seller(), await story().market()];
    await story().trade(ben, sam, 400, market);
    expect(await pricesIn(ben, market)).toEqual([]);
    await story().passes({ hours: 3 });
    expect(await pricesIn(ben, market)).toEqual([]);
  });

  it('a pair that arrives is in its owner\'s portfolio, worth what somebody bids for it', async () => {
    const [bea, sam, cyd, market] = [await story().buyer(), await story().seller(), await story().buyer('Cyd'), await story().market()];
    const { order } = await story().trade(bea, sam, 450, market);
    const task = await story().bringsIn(sam, order);
    const [ada] = story().authenticators;
    await ada.inspects(task);
    await story().settled();
    await ada.sendsOn(order.id);
    await story().world.scan((await bea.order(order.id)).outboundTracking ?? '', 'delivered');
    await story().settled();
    await cyd.bids(market, 430);
    await story().settled();
    const { data, value } = await bea.api.get<Portfolio>('/v1/portfolio');
    expect(data.map(({ source, cost }) => [source, cost.amount])).toEqual([['order', 45_000]]);
    expect([value.atHighestBid.amount, value.unrealisedAtHighestBid.amount]).toEqual([43_000, -2_000]);
    const { body: csv, headers } = await bea.api.call<string>('GET', '/v1/portfolio/export');
    expect([headers.get('content-type'), headers.get('content-disposition')]).toEqual([expect.stringContaining('text/csv'), 'attachment; filename="portfolio.csv"']);
    expect(csv).toContain(`${market},450.00,USD,`);
    expect(await bea.api.post('/v1/portfolio/import', { csv })).toMatchObject({ imported: 0, alreadyThere: 1, errors: [] });
    expect((await sam.api.get<{ allTime: { revenue: { amount: number } } }>('/v1/analytics/selling/summary')).allTime.revenue.amount).toBe(45_000);
    expect(await bea.api.get('/v1/analytics/admin/kpis').catch(refusal)).toMatchObject({ status: 403 });
    expect(await story().admin.api.get('/v1/analytics/admin/kpis')).toMatchObject({ marketsWithSales: expect.any(Number) as number });
  });

  it('a watch list and an alert are one\'s own', async () => {
    const [bea, eve, market] = [await story().buyer(), await story().buyer('Eve'), await story().market()];
    const list = await bea.api.post<{ id: string }>('/v1/watchlists', { name: 'Grails' });
    await bea.api.put(`/v1/watchlists/${list.id}/items/${market}`, {});
    const alert = await bea.api.post<{ id: string }>('/v1/price-alerts', { marketId: market, threshold: { amount: 20_000, currency: 'USD' } });
    expect((await bea.api.get<{ data: unknown[] }>('/v1/watchlists')).data).toMatchObject([{ name: 'Grails', marketIds: [market] }]);
    expect(await eve.api.delete(`/v1/price-alerts/${alert.id}`).catch(refusal)).toMatchObject({ status: 404, code: 'analytics.alert_not_found' });
    const imported = await bea.api.post<{ imported: number; errors: unknown[] }>('/v1/portfolio/import', { csv: `market_id,cost,currency,acquired_on\n${market},100,USD,2026-01-05\n${market},ten,USD,2026-01-05` }, randomUUID());
    expect([imported.imported, imported.errors.length]).toEqual([1, 1]);
  });
}
