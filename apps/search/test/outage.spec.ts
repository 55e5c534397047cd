import { until } from '@libs/testing/exchange-process';
import { Documents } from '../src/application/ports';
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
    const waiting = async () => (await scene.service.sql.query<{ form: string }>('select distinct form from stale order by form')).map(({ form }) => form);
    await until('the tables have it all', 20_000, async () => !(await waiting()).includes('postgres'));
    expect(await waiting()).toEqual(['elasticsearch']);
  });

  it('is not taken to know what changed while it was being told of something else', async () => {
    const documents = scene.service.app.get(Documents);
    const product = await scene.listed('Redpoll');
    const isMarked = async (model: string) => (await scene.service.sql.query('select from stale s join products p on p.id = s.target where s.form = $1 and p.model = $2', ['elasticsearch', model])).length === 1;
    await until('it is marked', 20_000, () => isMarked('Redpoll'));
    const told = await documents.take('elasticsearch', 100);
    await scene.changed(product, { model: 'Twite' });
    await until('the change is known', 20_000, () => isMarked('Twite'));
    await documents.given('elasticsearch', told, []);
    expect(await isMarked('Twite')).toBe(true);
    await documents.given('elasticsearch', await documents.take('elasticsearch', 100), []);
    expect(await isMarked('Twite')).toBe(false);
  });

  it('is warned of once, not at every try', async () => {
    for (let n = 0; n < 5; n++) await scene.search.search({ query: 'siskin' });
    const warnings = scene.service.logs.filter((line) => /"level":"(warn|error)"/.test(line));
    expect(warnings.map((line) => (JSON.parse(line) as { msg: string }).msg).sort()).toEqual(['the search engine cannot be reached; what it misses is kept for it', 'the search engine does not answer, the database does']);
  });
});
