import { uuidOfOwn } from '@libs/kernel/ids';
import { CarryPortfolio } from '../src/application/carry-portfolio';
import { WatchPrices } from '../src/application/watch-prices';
import { newId, type Market, Scene, usd, user } from './scene';

jest.setTimeout(60_000);

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.begin();
}, 60_000);
afterAll(() => scene.stop());

describe('a watch list', () => {
  it('holds markets, once each, and is nobody else\'s', async () => {
    const [bea, eve, market] = [user(), user(), await scene.market()];
    const lists = scene.collection(bea);
    const { watchlist } = await lists.createWatchlist({ name: 'Grails' });
    const watchlistId = watchlist!.id;
    for (let i = 0; i < 2; i++) await lists.putWatchlistItem({ watchlistId, marketId: market.id });
    await lists.renameWatchlist({ watchlistId, name: 'Holy grails' });
    expect((await lists.getWatchlists({})).watchlists).toMatchObject([{ id: watchlistId, name: 'Holy grails', marketIds: [market.id] }]);
    expect((await scene.collection(eve).getWatchlists({})).watchlists).toEqual([]);
    for (const foreign of [scene.collection(eve).putWatchlistItem({ watchlistId, marketId: market.id }), scene.collection(eve).deleteWatchlist({ watchlistId })]) await expect(foreign).rejects.toMatchObject({ code: 'analytics.watchlist_not_found' });
    await expect(lists.putWatchlistItem({ watchlistId, marketId: newId('mkt') })).rejects.toMatchObject({ code: 'analytics.market_not_found' });
    await lists.removeWatchlistItem({ watchlistId, marketId: market.id });
    await lists.deleteWatchlist({ watchlistId });
    expect((await lists.getWatchlists({})).watchlists).toEqual([]);
  });

  it('takes a market whose event is still on the way', async () => {
    const { markets: [market] } = await scene.product(['9'], { isTold: false });
    const { id, productId, size } = market!;
    scene.owners.markets.push({ id, productId, size, currency: 'USD' });
    const lists = scene.collection(user());
    const { watchlist } = await lists.createWatchlist({ name: 'New' });
    expect((await lists.putWatchlistItem({ watchlistId: watchlist!.id, marketId: id })).watchlist?.marketIds).toEqual([id]);
  });

  it('is one of at most 20, also when many are begun at once', async () => {
    const lists = scene.collection(user());
    const begun = await Promise.allSettled(Array.from({ length: 24 }, () => lists.createWatchlist({ name: 'One more' })));
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    expect(begun.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'analytics.too_many' } });
  });
});

describe('a drop of the lowest ask', () => {
  const asks = new Map<string, Market>();

  const ask = async (market: Market, price: number, askId = newId('ask'), status = 'active') => {
    const name = status === 'active' ? 'ask.placed' : 'ask.cancelled';
    asks.set(askId, market);
    await scene.service.deliver(name, market.id, { marketId: market.id, marketSeq: BigInt(scene.nextSeq(market.id)), quote: { id: askId, marketId: market.id, side: 'ask', price: usd(price), status } });
    await scene.settled();
    return askId;
  };
  const watches = async (market: Market, who = user()) => {
    const { watchlist } = await scene.collection(who).createWatchlist({ name: 'Mine' });
    await scene.collection(who).putWatchlistItem({ watchlistId: watchlist!.id, marketId: market.id });
    return who;
  };
  const drops = async (market: Market) => (await scene.service.publishedOf('price.dropped')).filter(({ key }) => key === market.id).map(({ event }) => [event.cause, Number(event.before?.minor ?? 0), Number(event.lowestAsk?.minor), ...event.userIds]);

  it('to a threshold is told to whom it concerns, and to nobody else', async () => {
    const market = await scene.market();
    const [bea, cyd] = [user(), user()];
    await scene.collection(bea).createPriceAlert({ marketId: market.id, threshold: usd(9_900) });
    await scene.collection(cyd).createPriceAlert({ marketId: market.id, threshold: usd(9_000) });
    await ask(market, 10_000);
    expect(await drops(market)).toEqual([]);
    await ask(market, 9_900);
    expect(await drops(market)).toEqual([['threshold', 10_000, 9_900, bea.id]]);
  });

  it('by 5 % within a day is told to those who follow the market, slow falls too', async () => {
    const market = await scene.market();
    const bea = await watches(market);
    for (const price of [10_000, 9_800, 9_600]) {
      await ask(market, price);
      scene.service.clock.passes({ hours: 2 });
    }
    expect(await drops(market)).toEqual([]);
    await ask(market, 9_500);
    expect(await drops(market)).toEqual([['fall', 10_000, 9_500, bea.id]]);
  });

  it('over more than a day is none', async () => {
    const market = await scene.market();
    await watches(market);
    await ask(market, 10_000);
    await ask(market, 9_700);
    scene.service.clock.passes({ hours: 25 });
    await ask(market, 9_400);
    expect(await drops(market)).toEqual([]);
  });

  it('is told at most once in 6 hours', async () => {
    const market = await scene.market();
    const bea = await watches(market);
    await ask(market, 10_000);
    await ask(market, 9_000);
    await ask(market, 8_000);
    expect(await drops(market)).toEqual([['fall', 10_000, 9_000, bea.id]]);
    scene.service.clock.passes({ hours: 6 });
    await ask(market, 7_000);
    expect(await drops(market)).toEqual([['fall', 10_000, 9_000, bea.id], ['fall', 10_000, 7_000, bea.id]]);
  });

  it('is none when a lower ask goes and a higher one comes', async () => {
    const market = await scene.market();
    await watches(market);
    const first = await ask(market, 10_000);
    await ask(market, 10_000, first, 'cancelled');
    await ask(market, 10_500);
    expect(await drops(market)).toEqual([]);
  });

  it('is not made by an old word: the market\'s number decides which of two topics spoke last', async () => {
    const market = await scene.market();
    await watches(market);
    const askId = newId('ask');
    await ask(market, 10_000);
    const [returned, cancelled] = [scene.nextSeq(market.id), scene.nextSeq(market.id)];
    const quote = { id: askId, marketId: market.id, side: 'ask', price: usd(5_000) };
    await scene.service.deliver('ask.cancelled', market.id, { marketId: market.id, marketSeq: BigInt(cancelled), quote: { ...quote, status: 'cancelled' } });
    await scene.service.deliver('trade.busted', market.id, { marketId: market.id, marketSeq: BigInt(returned), matchId: newId('mtc'), ask: { ...quote, status: 'active' } });
    await scene.settled();
    expect(await drops(market)).toEqual([]);
    expect((await scene.analytics.getMarketStats({ marketId: market.id })).lowestAskMinor).toBe(10_000n);
  });

  it('is seen when a bust brings an ask back', async () => {
    const market = await scene.market();
    const bea = await watches(market);
    await ask(market, 10_000);
    const quote = { id: newId('ask'), marketId: market.id, side: 'ask', price: usd(9_000), status: 'active' };
    await scene.service.deliver('trade.busted', market.id, { marketId: market.id, marketSeq: BigInt(scene.nextSeq(market.id)), matchId: newId('mtc'), ask: quote });
    await scene.settled();
    expect(await drops(market)).toEqual([['fall', 10_000, 9_000, bea.id]]);
  });
});

describe('a price alert', () => {
  it('can be changed and removed by its owner alone', async () => {
    const [bea, eve, market] = [user(), user(), await scene.market()];
    const { alert } = await scene.collection(bea).createPriceAlert({ marketId: market.id, threshold: usd(5_000) });
    await scene.collection(bea).updatePriceAlert({ alertId: alert!.id, threshold: usd(4_000) });
    expect((await scene.collection(bea).getPriceAlerts({})).alerts).toMatchObject([{ threshold: { minor: 4_000n } }]);
    await expect(scene.collection(eve).deletePriceAlert({ alertId: alert!.id })).rejects.toMatchObject({ code: 'analytics.alert_not_found' });
    await scene.collection(bea).deletePriceAlert({ alertId: alert!.id });
    expect((await scene.collection(bea).getPriceAlerts({})).alerts).toEqual([]);
  });
});

describe('what nobody needs any more', () => {
  const count = async (table: string) => (await scene.service.sql.query<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n;

  it('is forgotten: asks out of the books after a month, who was told of a fall, answers to imports after a day', async () => {
    const market = await scene.market();
    const [open, closed] = [newId('ask'), newId('ask')];
    for (const [id, status] of [[open, 'active'], [closed, 'active'], [closed, 'cancelled']] as const) {
      const quote = { id, marketId: market.id, side: 'ask', price: usd(5_000), status };
      await scene.service.deliver(status === 'active' ? 'ask.placed' : 'ask.cancelled', market.id, { marketId: market.id, marketSeq: BigInt(scene.nextSeq(market.id)), quote });
    }
    await scene.settled();
    await scene.collection(user()).importPortfolio({ csv: `market_id,cost,currency,acquired_on\n${market.id},1,USD,2026-01-05`, idempotencyKey: 'k' });
    await scene.service.sql.query('insert into told_of_drops (user_id, market_id, told_at) values (gen_random_uuid(), gen_random_uuid(), $1)', [scene.service.clock.now()]);
    const [watching, carrying] = [scene.service.app.get(WatchPrices), scene.service.app.get(CarryPortfolio)];
    const prune = async () => void (await Promise.all([watching.prune(), carrying.prune()]));

    await prune();
    expect(await count(`asks where ask_id in ('${uuidOfOwn('ask', open)}', '${uuidOfOwn('ask', closed)}')`)).toBe(2);
    expect([await count('told_of_drops'), await count('portfolio_imports')]).not.toContain(0);

    await scene.service.sql.query(`update asks set changed_at = now() - interval '32 days'`);
    await scene.service.sql.query(`update portfolio_imports set at = now() - interval '26 hours'`);
    scene.service.clock.passes({ hours: 7 });
    await prune();
    expect(await scene.service.sql.query('select ask_id from asks where not is_open')).toEqual([]);
    expect(await count(`asks where ask_id = '${uuidOfOwn('ask', open)}'`)).toBe(1);
    expect([await count('told_of_drops'), await count('portfolio_imports')]).toEqual([0, 0]);
  });
});
