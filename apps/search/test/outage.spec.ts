import { until } from '@libs/testing/exchange-process';
import { Scene } from './scene';

jest.setTimeout(120_000);

describe('an engine that is not there', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open({ ELASTICSEARCH_URL: 'http://127.0.0.1:1' }, 'away');
  });
  afterAll(() => scene?.close());

  it('leaves the answers to the database, which says so, and what the engine misses is kept', async () => {
    const market = (await scene.listed('Siskin')).markets[0]?.id ?? '';
    await scene.asked(market, 120);
    await until('it is found', 20_000, async () => (await scene.search.search({ query: 'siskin' })).cards[0]?.lowestAsk?.minor === 12_000n);
    expect(await scene.search.search({ query: 'siskin' })).toMatchObject({ degraded: true, total: 1n });
    expect(await scene.search.getFacets({ query: 'siskin' })).toMatchObject({ degraded: true, brands: [{ value: 'Norrland', products: 1n }] });
    expect(await scene.search.autocomplete({ text: 'sisk' })).toMatchObject({ degraded: true, products: [{ title: 'Norrland Siskin Moss' }] });
    expect(await scene.service.sql.query(`select distinct form from stale`)).toEqual([{ form: 'elasticsearch' }]);
  });

  it('is warned of once, not at every try', async () => {
    for (let n = 0; n < 5; n++) await scene.search.search({ query: 'siskin' });
    const warnings = scene.service.logs.filter((line) => /"level":"(warn|error)"/.test(line));
    expect(warnings.map((line) => (JSON.parse(line) as { msg: string }).msg).sort()).toEqual(['the search engine cannot be reached; what it misses is kept for it', 'the search engine does not answer, the database does']);
  });
});
