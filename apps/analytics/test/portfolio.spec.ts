import { type Timestamp, timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type Market, newId, Scene, usd, user } from './scene';

jest.setTimeout(60_000);

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.begin();
}, 60_000);
afterAll(() => scene.stop());

describe('a portfolio', () => {
  const delivered = async (market: Market, price: number, buyerId: string, sellerId = newId('usr')) => {
    const deal = await scene.sells(market, price, scene.service.clock.now(), { buyerId, sellerId });
    const event = { orderId: deal.orderId, buyerId, sellerId, deliveredAt: timestampFromDate(scene.service.clock.now()) };
    const { again } = await scene.service.deliver('order.delivered', deal.orderId, event);
    await again();
    await scene.settled();
    return deal;
  };

  it('is filled by what is delivered, and emptied by what is sold on, first in first out', async () => {
    const [bea, cyd, market] = [user(), user(), await scene.market()];
    await delivered(market, 10_000, bea.id);
    await delivered(market, 20_000, bea.id);
    await delivered(market, 25_000, cyd.id, bea.id);
    scene.owners.bids.set(market.id, 22_000n);
    const { items, value } = await scene.collection(bea).getPortfolio({});
    expect(items.map(({ source, cost, proceeds }) => [source, cost?.minor, proceeds?.minor])).toEqual([['order', 20_000n, undefined], ['order', 10_000n, 25_000n]]);
    expect(value).toMatchObject({ owned: 1n, sold: 1n, costMinor: 20_000n, atHighestBidMinor: 22_000n, atLastSaleMinor: 25_000n, unrealisedAtHighestBidMinor: 2_000n, unrealisedAtLastSaleMinor: 5_000n, realisedMinor: 15_000n, degraded: false });
    expect((await scene.collection(cyd).getPortfolio({})).items).toHaveLength(1);
  });

  it('takes items by hand, and shows losses as they are', async () => {
    const [bea, eve, market] = [user(), user(), await scene.market()];
    await scene.sells(market, 8_000);
    await scene.settled();
    const mine = scene.collection(bea);
    const { item } = await mine.addPortfolioItem({ marketId: market.id, cost: usd(10_000), note: 'a gift' });
    await mine.updatePortfolioItem({ itemId: item!.id, cost: usd(9_000) });
    expect(await mine.getPortfolio({})).toMatchObject({ items: [{ cost: { minor: 9_000n }, note: 'a gift', source: 'manual' }], value: { unrealisedAtLastSaleMinor: -1_000n } });
    await expect(scene.collection(eve).removePortfolioItem({ itemId: item!.id })).rejects.toMatchObject({ code: 'analytics.item_not_found' });
    await expect(mine.addPortfolioItem({ marketId: market.id, cost: usd(1), acquiredAt: timestampFromDate(new Date('2100-01-01')) })).rejects.toMatchObject({ code: 'analytics.in_future' });
    await expect(mine.addPortfolioItem({ marketId: market.id, cost: { minor: 1n, currency: 'EUR' } })).rejects.toMatchObject({ code: 'analytics.currency_wrong' });
    await mine.removePortfolioItem({ itemId: item!.id });
    expect((await mine.getPortfolio({})).items).toEqual([]);
  });

  it('comes in as CSV line by line, once for each key, and goes out again', async () => {
    const [bea, market] = [user(), await scene.market()];
    const mine = scene.collection(bea);
    const csv = `market_id,cost,currency,acquired_on,note\n${market.id},100.50,USD,2026-01-05,first\n${newId('mkt')},1,USD,2026-01-05,\n${market.id},x,USD,2026-01-05,\n${market.id},1,USD,2099-01-05,`;
    const answer = await mine.importPortfolio({ csv, idempotencyKey: 'k1' });
    expect([answer.imported, answer.errors.map(({ line }) => line), answer.replayed]).toEqual([1, [3, 4, 5], false]);
    expect(await mine.importPortfolio({ csv, idempotencyKey: 'k1' })).toMatchObject({ imported: 1, replayed: true });
    await expect(mine.importPortfolio({ csv: `${csv}\n`, idempotencyKey: 'k1' })).rejects.toMatchObject({ code: 'analytics.key_reused' });
    await expect(mine.importPortfolio({ csv: 'no', idempotencyKey: 'k2' })).rejects.toMatchObject({ code: 'analytics.csv_invalid' });
    const out = (await mine.exportPortfolio({})).csv;
    expect(out.split('\r\n')[1]).toMatch(new RegExp(`^${market.id},100.50,USD,2026-01-05,first,,,pfi_[0-9a-z]{26},${market.productId},9,import$`));
  });

  it('that is exported and imported into an empty one is the same: what is owned, what is sold, and what was gained', async () => {
    const [bea, cyd, market] = [user(), user(), await scene.market()];
    const mine = scene.collection(bea);
    await delivered(market, 10_000, bea.id);
    await delivered(market, 25_000, newId('usr'), bea.id);
    await mine.addPortfolioItem({ marketId: market.id, cost: usd(7_000), note: '=a "gift",\nfrom Ann ' });
    const { item } = await mine.addPortfolioItem({ marketId: market.id, cost: usd(8_000) });
    await mine.updatePortfolioItem({ itemId: item!.id, proceeds: usd(9_500) });
    const { csv } = await mine.exportPortfolio({});
    expect(await scene.collection(cyd).importPortfolio({ csv, idempotencyKey: 'k1' })).toMatchObject({ imported: 3, alreadyThere: 0, errors: [] });
    const day = (at: Timestamp | undefined) => at && timestampDate(at).toISOString().slice(0, 10);
    const told = async (who: typeof bea) => {
      const { items, value } = await scene.collection(who).getPortfolio({});
      return { value, items: items.map(({ marketId, productId, size, cost, note, proceeds, ...one }) => ({ marketId, productId, size, cost, note, proceeds, acquired: day(one.acquiredAt), sold: day(one.soldAt) })) };
    };
    expect(await told(cyd)).toEqual(await told(bea));
    expect((await told(cyd)).value).toMatchObject({ owned: 1n, sold: 2n, realisedMinor: 16_500n });
  });

  it('takes each item of an export once: the second time it says that they are there already', async () => {
    const [bea, cyd, market] = [user(), user(), await scene.market()];
    const mine = scene.collection(bea);
    await delivered(market, 10_000, bea.id);
    const { item } = await mine.addPortfolioItem({ marketId: market.id, cost: usd(7_000) });
    const { csv } = await mine.exportPortfolio({});
    expect(await mine.importPortfolio({ csv, idempotencyKey: 'again' })).toMatchObject({ imported: 0, alreadyThere: 2 });
    await mine.removePortfolioItem({ itemId: item!.id });
    for (const [who, key, answer] of [
      [bea, 'a', { imported: 1, alreadyThere: 1 }], [bea, 'b', { imported: 0, alreadyThere: 2 }], [cyd, 'a', { imported: 2, alreadyThere: 0 }], [cyd, 'b', { imported: 0, alreadyThere: 2 }],
    ] as const) {
      expect(await scene.collection(who).importPortfolio({ csv, idempotencyKey: key })).toMatchObject({ ...answer, errors: [] });
      expect((await scene.collection(who).getPortfolio({})).items).toHaveLength(2);
    }
    const twice = csv + csv.split('\r\n').slice(1).join('\r\n');
    expect(await scene.collection(user()).importPortfolio({ csv: twice, idempotencyKey: 'k' })).toMatchObject({ imported: 2, alreadyThere: 2 });
  });

  it('takes a sale by hand, corrects it and takes it back', async () => {
    const [eve, market] = [user(), await scene.market()];
    const mine = scene.collection(user());
    const { item } = await mine.addPortfolioItem({ marketId: market.id, cost: usd(10_000), acquiredAt: timestampFromDate(new Date('2026-01-10')) });
    const itemId = item!.id;
    const soldAt = timestampFromDate(new Date('2026-01-20'));
    await expect(mine.updatePortfolioItem({ itemId, soldAt })).rejects.toMatchObject({ code: 'analytics.sale_incomplete' });
    await expect(mine.updatePortfolioItem({ itemId, proceeds: usd(1), soldAt: timestampFromDate(new Date('2100-01-01')) })).rejects.toMatchObject({ code: 'analytics.in_future', details: { field: 'soldAt' } });
    await expect(mine.updatePortfolioItem({ itemId, proceeds: usd(1), soldAt: timestampFromDate(new Date('2026-01-09')) })).rejects.toMatchObject({ code: 'analytics.sold_before_acquired' });
    await expect(mine.updatePortfolioItem({ itemId, proceeds: { minor: 1n, currency: 'EUR' } })).rejects.toMatchObject({ code: 'analytics.currency_wrong' });
    await mine.updatePortfolioItem({ itemId, proceeds: usd(12_000), soldAt });
    await mine.updatePortfolioItem({ itemId, proceeds: usd(12_500) });
    expect(await mine.getPortfolio({})).toMatchObject({ items: [{ proceeds: { minor: 12_500n }, soldAt }], value: { owned: 0n, sold: 1n, realisedMinor: 2_500n } });
    await expect(mine.updatePortfolioItem({ itemId, acquiredAt: timestampFromDate(new Date('2026-01-21')) })).rejects.toMatchObject({ code: 'analytics.sold_before_acquired' });
    await expect(scene.collection(eve).takeBackSale({ itemId })).rejects.toMatchObject({ code: 'analytics.item_not_found' });
    for (let i = 0; i < 2; i++) expect((await mine.takeBackSale({ itemId })).item?.proceeds).toBeUndefined();
    expect((await mine.getPortfolio({})).value).toMatchObject({ owned: 1n, sold: 0n, realisedMinor: 0n });
  });

  it('leaves to its order what comes from an order, or was sold by one', async () => {
    const [bea, market, other] = [user(), await scene.market(), await scene.market()];
    const mine = scene.collection(bea);
    await delivered(market, 10_000, bea.id);
    await mine.addPortfolioItem({ marketId: other.id, cost: usd(7_000) });
    await delivered(other, 9_000, newId('usr'), bea.id);
    for (const { id: itemId } of (await mine.getPortfolio({})).items) {
      await expect(mine.updatePortfolioItem({ itemId, proceeds: usd(1) })).rejects.toMatchObject({ code: 'analytics.sale_follows_order' });
      await expect(mine.takeBackSale({ itemId })).rejects.toMatchObject({ code: 'analytics.sale_follows_order' });
    }
  });

  it('does not give a pair away that came in after the sale', async () => {
    const [bea, market] = [user(), await scene.market()];
    const deal = await scene.sells(market, 9_000, scene.service.clock.now(), { buyerId: newId('usr'), sellerId: bea.id });
    const deliveredAt = timestampFromDate(scene.service.clock.now());
    scene.service.clock.passes({ hours: 1 });
    await scene.collection(bea).addPortfolioItem({ marketId: market.id, cost: usd(7_000) });
    await scene.service.deliver('order.delivered', deal.orderId, { orderId: deal.orderId, buyerId: newId('usr'), sellerId: bea.id, deliveredAt });
    await scene.settled();
    expect((await scene.collection(bea).getPortfolio({})).value).toMatchObject({ owned: 1n, sold: 0n });
  });

  it('comes in as CSV also for a market whose event is still on the way', async () => {
    const { markets: [market] } = await scene.product(['9'], { isTold: false });
    const { id, productId, size } = market!;
    scene.owners.markets.push({ id, productId, size, currency: 'USD' });
    const csv = `market_id,cost,currency,acquired_on\n${id},100.50,USD,2026-01-05\n${newId('mkt')},1,USD,2026-01-05`;
    expect(await scene.collection(user()).importPortfolio({ csv, idempotencyKey: 'k1' })).toMatchObject({ imported: 1, errors: [{ line: 3 }] });
  });
});
