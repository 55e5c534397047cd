import { until } from '@libs/testing/exchange-process';
import { Line } from '@libs/testing/line';
import { plain, Scene } from './scene';

jest.setTimeout(60_000);

const { INFLUX_URL = '', INFLUX_ORG = '', INFLUX_BUCKET = '', INFLUX_TOKEN = '' } = process.env;
const [from, to] = [new Date('2026-03-01T00:00:00Z'), new Date('2026-03-04T00:00:00Z')];
const WAIT_MS = 20_000;

(INFLUX_URL ? describe : describe.skip)('a price history that goes and comes back', () => {
  let scene: Scene;
  let line: Line;
  beforeAll(async () => {
    line = await Line.to(INFLUX_URL);
    scene = await Scene.begin({ INFLUX_URL: line.url, INFLUX_ORG, INFLUX_BUCKET, INFLUX_TOKEN });
  }, 60_000);
  afterAll(async () => {
    await scene?.stop();
    await line?.close();
  });

  it('is given what it missed, a bust too, and shows it', async () => {
    const { markets: [market] } = await scene.product(['9']);
    const shows = async (degraded: boolean, prices: readonly number[]) => {
      const chart = await scene.candles([market!.id, 'market'], '1d', from, to).catch(() => undefined);
      return chart?.degraded === degraded && JSON.stringify(chart.candles.map(plain).map(([, , , , close]) => close)) === JSON.stringify(prices);
    };
    const first = await scene.sells(market!, 100, new Date('2026-03-02T10:00:00Z'));
    await until(() => 'the history shows the sale', WAIT_MS, () => shows(false, [100]));
    line.cut();
    await scene.sells(market!, 200, new Date('2026-03-03T10:00:00Z'));
    await scene.tell(scene.busted(first));
    await until(() => 'the trades are shown in its place', WAIT_MS, () => shows(true, [200]));
    line.mend();
    await until(() => 'the history has it all', WAIT_MS, () => shows(false, [200]));
  });
});
