import { Redis } from 'ioredis';
import type { Problem } from '@libs/client/api';
import type { Trader } from '@libs/client/trader';
import type { Failpoint } from '@libs/kernel/failpoint';
import { until } from '@libs/testing/exchange-process';
import { Line } from '@libs/testing/line';
import { Story } from '@libs/testing/story';
import { testBusDatabase, type TestDatabase } from '@libs/testing/test-database';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { scrape } from '../operator/scrape';
import { Cast, persistently } from './cast';
import { isAlive, outagesInSplitForm } from './outages';
import { runInSplitForm } from './run-scenario';
import { scenarios } from './scenarios';
import { stopsUnderLoad } from './stop-under-load';

const START_MS_MAX = 240_000;
const SCENARIO_MS_MAX = 300_000;

/** Where it matters most that only one of them dies, and that its callers are left with an answer of unknown fate. */
const chosen: readonly Failpoint[] = ['bidding.duringCommit', 'bidding.afterCommit', 'relay.afterSend', 'order.afterCommit', 'payment.afterPspBeforeRow', 'gateway.afterForwardBeforeReply'];

describe('an exchange of one process per service, one of which is killed when', () => {
  let cast: Cast;
  let [redis, bus]: [TestRedis?, TestDatabase?] = [];
  let lines: { redis: Line; bus: Line };
  jest.setTimeout(SCENARIO_MS_MAX);
  beforeAll(async () => {
    [redis, bus] = await Promise.all([testRedis(), testBusDatabase()]);
    lines = { redis: await Line.to(redis.url), bus: await Line.to(bus.url) };
    cast = await Cast.gather(await Story.begin({ split: true, env: { REDIS_URL: lines.redis.url, BUS_DATABASE_URL: lines.bus.url } }));
  }, START_MS_MAX);
  beforeEach(() => persistently(() => cast.everybodyLogsIn()));
  afterAll(async () => {
    await cast?.story.end();
    await Promise.all([lines?.redis.close(), lines?.bus.close(), redis?.close(), bus?.close()]);
  }, START_MS_MAX);

  // First, while the processes of its start are there.
  outagesInSplitForm(() => cast, () => lines);

  it.each(scenarios.filter(({ point }) => chosen.includes(point)))('$says ($point) loses nothing and does nothing twice (L10)', (scenario) => runInSplitForm(cast, scenario));

  it('its launcher is killed ends with it, and the next start is served by its own', async () => {
    const { story: { exchange } } = cast;
    const services = Object.entries(exchange.run.pids).filter(([name]) => name in exchange.run.internal);
    await exchange.kill();
    await until('every service is gone', SCENARIO_MS_MAX, () => services.every(([, pid]) => !isAlive(pid)));
    await exchange.start();
    await cast.story.settled();
    await persistently(() => cast.bea.orders());
    expect(exchange.log).not.toContain('EADDRINUSE');
  });

  it('a session that has ended stays ended, though Redis comes back empty and every service starts again (I1)', async () => {
    const { story } = cast;
    const [eve, una, ann] = await Promise.all([story.stranger('Eve'), story.stranger('Una'), story.stranger('Ann')]);
    const statusOf = ({ api }: Trader) => api.get('/v1/me').then(() => 200, ({ status }: Problem) => status);
    for (const who of [eve, una]) {
      expect(await statusOf(who)).toBe(200);
      await who.api.post('/v1/auth/logout');
      await until('the session has ended', SCENARIO_MS_MAX, async () => (await statusOf(who)) === 401);
    }
    await emptied(redis?.url ?? '');
    expect(await statusOf(eve)).toBe(401);
    await story.exchange.stop();
    await story.exchange.start();
    expect(await statusOf(eve)).toBe(401);
    // Just started, the gateway asks for each session; later it goes by what it has been told.
    await until('a session is taken without being asked for', SCENARIO_MS_MAX, async () => {
      await ann.logsIn();
      const before = await sessionsAskedFor(story);
      await ann.api.get('/v1/me');
      return (await sessionsAskedFor(story)) === before;
    });
    expect(await statusOf(una)).toBe(401);
  });

  it('somebody stops it in the midst of trading loses nothing that it has answered, and ends well', () => stopsUnderLoad(cast));
});

async function sessionsAskedFor({ exchange }: Story): Promise<number> {
  const series = await scrape({ user: exchange.run.internal.user ?? '' });
  return series.filter(({ name, labels }) => name === 'rpc_server_duration_seconds_count' && labels.method === 'CheckSession').reduce((sum, { value }) => sum + value, 0);
}

async function emptied(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushdb();
  await client.quit();
}
