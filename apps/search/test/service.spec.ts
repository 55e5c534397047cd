import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { AppError } from '@libs/kernel/app-error';
import { armFailpoint, type Failpoint } from '@libs/kernel/failpoint';
import { SearchService } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { until } from '@libs/testing/exchange-process';
import { Documents } from '../src/application/ports';
import { dropIndices, elasticUrl } from './forms';
import { Scene } from './scene';

jest.setTimeout(120_000);
const person = (n: number, ...roles: ('buyer' | 'admin')[]) => ({ id: `usr_0000000000000000000000000${n}`, sessionId: 'ses_00000000000000000000000001', roles });
const minor = (money: { minor: bigint } | undefined) => (money ? Number(money.minor) / 100 : undefined);

const settings: Record<string, Record<string, string>> = {
  'the tables': {},
  ...(elasticUrl && { Elasticsearch: { ELASTICSEARCH_URL: elasticUrl, ELASTICSEARCH_ALIAS: `test-${process.pid}-${Date.now()}` } }),
};

describe.each(Object.entries(settings))('search over %s', (_name, env) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(env);
  });
  afterAll(async () => {
    await scene?.close();
    if (env.ELASTICSEARCH_ALIAS) await dropIndices(env.ELASTICSEARCH_ALIAS);
  });

  it('finds a product when it is listed, changed and until it is retired', async () => {
    const product = await scene.listed('Ptarmigan');
    expect(await scene.card('ptarmigan')).toMatchObject({ productId: product.id, brand: 'Norrland', category: 'sneakers', markets: [{ size: '9' }] });
    const renamed = await scene.changed(product, { model: 'Capercaillie' });
    expect([(await scene.find('ptarmigan')).cards.length, (await scene.card('capercaillie')).productId]).toEqual([0, product.id]);
    await scene.retired(renamed);
    expect((await scene.find('capercaillie')).total).toBe(0n);
  });

  it('shows the lowest ask as asks come, change and go', async () => {
    const { markets: [nine, ten] } = await scene.listed('Loon', ['9', '10']);
    const [a, b] = [await scene.asked(nine?.id ?? '', 300), await scene.asked(ten?.id ?? '', 250)];
    expect([minor((await scene.card('loon')).lowestAsk), (await scene.card('loon')).markets.map(({ lowestAsk }) => minor(lowestAsk))]).toEqual([250, [300, 250]]);
    await scene.service.deliver('ask.updated', nine?.id ?? '', { ...scene.step(nine?.id ?? ''), quote: scene.quote(nine?.id ?? '', a, 240) });
    expect(minor((await scene.card('loon')).lowestAsk)).toBe(240);
    await scene.service.deliver('ask.cancelled', nine?.id ?? '', { ...scene.step(nine?.id ?? ''), quote: scene.quote(nine?.id ?? '', a, 240, 'cancelled') });
    await scene.service.deliver('ask.expired', ten?.id ?? '', { ...scene.step(ten?.id ?? ''), quote: scene.quote(ten?.id ?? '', b, 250, 'expired') });
    expect((await scene.card('loon')).lowestAsk).toBeUndefined();
  });

  it('counts a sale when it is paid, and takes it back when it is bust', async () => {
    const market = (await scene.listed('Gannet')).markets[0]?.id ?? '';
    const first = await scene.matched(market, await scene.asked(market, 200), 200);
    expect((await scene.card('gannet')).lastSale).toBeUndefined();
    await scene.sold(market, first, 200);
    expect(minor((await scene.card('gannet')).lastSale)).toBe(200);
    scene.service.clock.passes({ minutes: 5 });
    const ask = await scene.asked(market, 220);
    const second = await scene.matched(market, ask, 220);
    await scene.sold(market, second, 220);
    expect(minor((await scene.card('gannet')).lastSale)).toBe(220);
    await scene.busted(market, second, { id: ask, dollars: 220, status: 'matched' });
    expect([minor((await scene.card('gannet')).lastSale), (await scene.card('gannet')).lowestAsk]).toEqual([200, undefined]);
  });

  it('a bust that is heard before the payment leaves no sale, and brings the ask back', async () => {
    const market = (await scene.listed('Petrel')).markets[0]?.id ?? '';
    const ask = await scene.asked(market, 200);
    const match = await scene.matched(market, ask, 200);
    await scene.busted(market, match, { id: ask, dollars: 200, status: 'active' });
    await scene.sold(market, match, 200);
    const card = await scene.card('petrel');
    expect([card.lastSale, minor(card.lowestAsk)]).toEqual([undefined, 200]);
  });

  it('what is told twice, late, and out of order between topics comes to the same', async () => {
    const product = scene.lists('Shearwater');
    const market = product.markets[0]?.id ?? '';
    const [a, b] = ['ask_00000000000000000000000a01', 'ask_00000000000000000000000a02'];
    const placed = { ...scene.step(market), quote: scene.quote(market, a, 100) };
    const other = { ...scene.step(market), quote: scene.quote(market, b, 130) };
    const match = scene.matches(market, a, 100);
    // The match is heard of before its ask was, the ask before the product, and each thing twice.
    await scene.sold(market, match.matchId, 100);
    for (const { again } of [await scene.service.deliver('match.created', market, match), await scene.service.deliver('ask.placed', market, placed), await scene.service.deliver('ask.placed', market, other)]) await again();
    await scene.service.settled();
    await (await scene.service.deliver('product.created', product.id, { product })).again();
    const card = await scene.card('shearwater');
    expect([minor(card.lowestAsk), minor(card.lastSale)]).toEqual([130, 100]);
  });

  it('one event that cannot be taken holds up its own product alone', async () => {
    const [ill, well] = [scene.lists('Auk'), scene.lists('Razorbill')];
    await scene.service.deliver('product.created', ill.id, {});
    await scene.service.deliver('product.created', well.id, { product: well });
    expect((await scene.card('razorbill')).productId).toBe(well.id);
    const parked = await scene.service.sql.query('select key, status from parked');
    expect(parked).toEqual([{ key: ill.id, status: 'poison' }]);
    scene.products.delete(ill.id);
    for (const { id } of ill.markets) scene.markets.delete(id);
  });

  it('an index that is given products while they change in another order is not failed by that', async () => {
    const { app, sql, databaseUrl } = scene.service;
    const [first, second] = [randomUUID(), randomUUID()];
    const marks = await sql.query<{ target: string; mark: number }>(`insert into stale (form, target, is_catalogue, not_before) select 'postgres', target, false, now() + interval '1 day' from unnest($1::uuid[]) as t (target) returning target, mark`, [[first, second]]);
    const consumer = new Client({ connectionString: databaseUrl });
    await consumer.connect();
    const changes = (target: string) => consumer.query('update stale set tries = 0 where target = $1', [target]);
    await consumer.query('begin');
    await changes(second);
    const given = app.get(Documents).given('postgres', { documents: [], isCatalogue: false, marks: marks.map((mark) => ({ ...mark, productId: null })) }, []);
    await until('the index waits for the consumer', 20_000, async () => (await sql.query(`select from pg_stat_activity where wait_event_type = 'Lock' and query like 'delete from stale%'`)).length > 0);
    // Each waits for the other now: the database ends one of them.
    await Promise.all([given, changes(first).then(() => consumer.query('commit'), () => consumer.query('rollback'))]);
    await consumer.end();
    expect(await sql.query('select from stale where target = any ($1::uuid[])', [[first, second]])).toEqual([]);
  });

  it('remembers an answer, and forgets it when what it shows has changed', async () => {
    const market = (await scene.listed('Kittiwake')).markets[0]?.id ?? '';
    const hits = async () => {
      const metrics = await (await fetch(`${scene.service.internalUrl}/metrics`)).text();
      return Number(/cache_requests_total\{[^}]*hit="true"[^}]*\} (\d+)/.exec(metrics)?.[1] ?? 0);
    };
    await scene.find('kittiwake');
    const before = await hits();
    await scene.find('kittiwake');
    expect(await hits()).toBe(before + 1);
    await scene.asked(market, 111);
    expect(minor((await scene.card('kittiwake')).lowestAsk)).toBe(111);
    const within = { filter: { maxPriceMinor: 11_500n } };
    expect((await scene.find('kittiwake', within)).total).toBe(1n);
    const cheaper = (await scene.listed('Kittiwake Two', ['9'])).markets[0]?.id ?? '';
    expect((await scene.find('kittiwake')).total).toBe(2n);
    await scene.asked(cheaper, 99);
    expect((await scene.find('kittiwake', within)).total).toBe(2n);
  });

  it('shows what sold most in the last 72 hours', async () => {
    const markets = [(await scene.listed('Dunlin')).markets[0]?.id ?? '', (await scene.listed('Whimbrel')).markets[0]?.id ?? ''] as const;
    const trade = async (market: string) => scene.sold(market, await scene.matched(market, await scene.asked(market, 100), 100), 100);
    for (let n = 0; n < 4; n++) await trade(markets[0]);
    scene.service.clock.passes({ hours: 73 });
    for (let n = 0; n < 3; n++) await trade(markets[1]);
    await scene.service.settled();
    const { trends } = await scene.search.getTrending({ limit: 2 });
    expect([trends[0]?.card?.model, trends[0]?.salesLast72Hours]).toEqual(['Whimbrel', 3]);
  });

  it.each(['search.midBulk', 'search.afterBulkBeforeOffset'] as const)('breaks at %s once, and the index is whole afterwards', async (name: Failpoint) => {
    let hits = 0;
    armFailpoint(name, () => {
      hits += 1;
      if (hits === 1) throw new AppError('unavailable', 'search.index_unavailable', `broken at ${name}`);
    });
    const product = await scene.listed(`Turnstone ${name}`);
    const market = product.markets[0]?.id ?? '';
    await scene.asked(market, 77);
    await until('it is passed again', 20_000, () => hits > 1);
    expect(minor((await scene.find(`turnstone ${name}`)).cards.find(({ productId }) => productId === product.id)?.lowestAsk)).toBe(77);
  });

  it('is rebuilt from its owners as it was, while it answers', async () => {
    const before = await scene.hash();
    const { rebuildId } = await scene.service.client(SearchService, person(1, 'admin')).reindex({});
    const other = await scene.service.client(SearchService, person(1, 'admin')).reindex({});
    expect(other.rebuildId).toBe(rebuildId);
    const late = await scene.listed('Avocet');
    await scene.asked(late.markets[0]?.id ?? '', 88);
    await scene.service.settled();
    expect(minor((await scene.card('avocet')).lowestAsk)).toBe(88);
    await scene.retired(late);
    expect(await scene.hash()).toBe(before);
  });

  it('heals by a rebuild whatever was damaged', async () => {
    const before = await scene.hash();
    await scene.service.sql.query(`update products set brand = 'Nobody', version = 999; delete from markets where size = '10'`);
    await scene.service.sql.query('update asks set is_open = false, seq = 1000000 where is_open');
    await scene.service.sql.query('delete from documents where lowest_ask is null');
    expect(await scene.hash()).not.toBe(before);
    await scene.service.client(SearchService, person(1, 'admin')).reindex({});
    expect(await scene.hash()).toBe(before);
  });

  it('lets nobody but an administrator rebuild', async () => {
    await expect(scene.service.client(SearchService, person(2, 'buyer')).reindex({})).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('keeps everybody\'s own searches, and at most fifty', async () => {
    const [ann, ben] = [scene.service.client(SearchService, person(3, 'buyer')), scene.service.client(SearchService, person(4, 'buyer'))];
    const { search } = await ann.saveSearch({ name: 'Cheap ones', query: 'loon', filter: { sizes: ['9'], maxPriceMinor: 20_000n }, sort: 'lowest_ask' });
    expect((await ann.getSavedSearches({})).searches).toEqual([search]);
    expect((await ben.getSavedSearches({})).searches).toEqual([]);
    await expect(ben.deleteSavedSearch({ searchId: search?.id ?? '' })).rejects.toMatchObject({ code: 'search.saved_not_found' });
    await ann.deleteSavedSearch({ searchId: search?.id ?? '' });
    expect((await ann.getSavedSearches({})).searches).toEqual([]);
    const results = await Promise.allSettled(Array.from({ length: 55 }, (_, n) => ben.saveSearch({ name: `Search ${n}` })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    expect(results.find((result) => result.status === 'rejected')).toMatchObject({ reason: { code: 'search.too_many_saved' } });
  });

  it.each(['😀', '(', '%', ' - . ', '\u00a0…'])('finds nothing by %s, which holds no letter and no digit, while nothing at all shows everything', async (query) => {
    const [{ cards, total, corrected, degraded }, facets, suggested] = [await scene.search.search({ query }), await scene.search.getFacets({ query }), await scene.search.autocomplete({ text: query })];
    expect([cards, total, corrected, degraded]).toEqual([[], 0n, false, false]);
    expect([facets.brands, facets.categories, facets.sizes, facets.prices.filter(({ products }) => products > 0n)]).toEqual([[], [], [], []]);
    expect([suggested.styles, suggested.brands, suggested.products]).toEqual([[], [], []]);
    for (const nothing of ['', '  ']) expect((await scene.search.search({ query: nothing })).cards.length).toBeGreaterThan(0);
  });

  it('refuses a range the wrong way round, and names its ends', async () => {
    const person3 = scene.service.client(SearchService, person(3, 'buyer'));
    for (const [filter, details] of [
      [{ minPriceMinor: 2n, maxPriceMinor: 1n }, { from: 'minPrice', to: 'maxPrice' }], [{ releasedFrom: '2026-02-02', releasedTo: '2026-02-01' }, { from: 'releasedFrom', to: 'releasedTo' }],
    ] as const) {
      for (const asked of [scene.search.search({ filter }), scene.search.getFacets({ filter }), person3.saveSearch({ name: 'Mine', filter })]) await expect(asked).rejects.toMatchObject({ kind: 'rejected', code: 'search.range_invalid', details });
    }
    for (const filter of [{ minPriceMinor: 2n, maxPriceMinor: 2n }, { minPriceMinor: 2n }, { maxPriceMinor: 2n }, { releasedFrom: '2026-02-02', releasedTo: '2026-02-02' }, { releasedFrom: '2026-02-02' }]) await scene.search.search({ filter });
  });

  it('takes no cursor of another search, and no unknown order', async () => {
    const { nextCursor } = await scene.find('', { limit: 1 });
    expect((await scene.find('', { limit: 1, cursor: nextCursor })).cards).toHaveLength(1);
    for (const cursor of ['abc', nextCursor.slice(2)]) await expect(scene.search.search({ cursor })).rejects.toMatchObject({ code: 'search.cursor_invalid' });
    await expect(scene.search.search({ query: 'loon', cursor: nextCursor })).rejects.toMatchObject({ code: 'search.cursor_invalid' });
    await expect(scene.search.search({ sort: 'cheapest' })).rejects.toMatchObject({ code: 'search.value_unknown' });
  });
});
