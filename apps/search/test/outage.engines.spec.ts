import { until } from '@libs/testing/exchange-process';
import { EngineLine } from './engine-line';
import { dropIndices, elasticUrl } from './forms';
import { Scene } from './scene';

jest.setTimeout(120_000);

const alias = `test-outage-${process.pid}-${Date.now()}`;
(elasticUrl ? describe : describe.skip)('an engine that goes and comes back', () => {
  let scene: Scene;
  let line: EngineLine;
  beforeAll(async () => {
    line = await EngineLine.to(elasticUrl ?? '');
    scene = await Scene.open({ ELASTICSEARCH_URL: line.url, ELASTICSEARCH_ALIAS: alias });
  });
  afterAll(async () => {
    await scene?.close();
    await line?.close();
    await dropIndices(alias);
  });

  it('is given what it missed, and answers again', async () => {
    const market = (await scene.listed('Bunting')).markets[0]?.id ?? '';
    expect(await scene.find('bunting')).toMatchObject({ degraded: false, total: 1n });
    line.isCut = true;
    await scene.asked(market, 140);
    await scene.listed('Brambling');
    await until('the database answers', 20_000, async () => (await scene.search.search({ query: 'brambling' })).total === 1n);
    expect(await scene.search.search({ query: 'brambling' })).toMatchObject({ degraded: true });
    line.isCut = false;
    await until('the engine has it all', 20_000, async () => {
      const found = await scene.search.search({ query: 'brambling', sort: 'newest' });
      return !found.degraded && found.total === 1n;
    });
    expect(await scene.find('bunting', { filter: { maxPriceMinor: 14_000n } })).toMatchObject({ degraded: false, total: 1n });
  });

  it('is given again a document that it refused, and only that one', async () => {
    line.refusals = 2;
    await scene.listed('Wryneck');
    await until('it was refused', 20_000, () => line.refusals === 0);
    expect((await scene.find('wryneck')).total).toBe(1n);
    expect(await scene.service.sql.query('select * from stale')).toEqual([]);
  });
});
