import { Sql } from '@libs/postgres/sql';
import { Transactions } from '@libs/postgres/transaction';
import { until } from '@libs/testing/exchange-process';
import { UnwrittenTrades } from '../src/application/ports';
import { plain, Scene } from './scene';

jest.setTimeout(60_000);

/** Nobody listens there. */
const NOWHERE = { INFLUX_URL: 'http://127.0.0.1:9', INFLUX_ORG: 'org', INFLUX_BUCKET: 'bucket', INFLUX_TOKEN: 'token' };
const WAIT_MS = 20_000;

describe('while the price history is down', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.begin(NOWHERE);
  }, 60_000);
  afterAll(() => scene.stop());

  const waiting = async () => (await scene.service.sql.query<{ n: number }>('select count(*) as n from unwritten'))[0]?.n;

  it('charts come from the trades and say so, busts too, and what is to be written waits', async () => {
    const { markets: [market] } = await scene.product(['9']);
    const [from, to] = [new Date('2026-03-01T00:00:00Z'), new Date('2026-03-04T00:00:00Z')];
    const shows = async (prices: readonly number[]) => {
      const chart = await scene.candles([market!.id, 'market'], '1d', from, to).catch(() => undefined);
      return chart?.degraded === true && JSON.stringify(chart.candles.map(plain).map(([, , , , close]) => close)) === JSON.stringify(prices);
    };
    await scene.sells(market!, 100, new Date('2026-03-02T10:00:00Z'));
    const second = await scene.sells(market!, 200, new Date('2026-03-03T10:00:00Z'));
    await until(() => 'both sales are shown', WAIT_MS, () => shows([100, 200]));
    await scene.tell(scene.busted(second));
    await until(() => 'the bust is shown', WAIT_MS, () => shows([100]));
    expect(await waiting()).toBe(2);
  });

  it('a rebuild may wait as long as a full history takes to be emptied', async () => {
    const { app } = scene.service;
    const idleMax = await app.get(Transactions).run(async (tx) => {
      await app.get(UnwrittenTrades).addAll(tx);
      return app.get(Sql).in(tx).query('show idle_in_transaction_session_timeout');
    });
    expect(idleMax).toEqual([{ idle_in_transaction_session_timeout: '15min' }]);
  });

  it('no token stands in any log', () => expect(scene.service.logs.filter((line) => line.includes('"token"'))).toEqual([]));

  it('nothing waits for it any more when it is no longer chosen', async () => {
    await scene.service.restart({ INFLUX_URL: '' });
    await scene.settled();
    expect(await waiting()).toBe(0);
  });
});
