import type { Failpoint } from '@libs/kernel/failpoint';
import { Line } from '@libs/testing/line';
import { Story } from '@libs/testing/story';
import { testBusDatabase, type TestDatabase } from '@libs/testing/test-database';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { Cast } from './cast';
import { outagesInSplitForm } from './outages';
import { runInSplitForm } from './run-scenario';
import { scenarios } from './scenarios';
import { stopsUnderLoad } from './stop-under-load';

const START_MS_MAX = 120_000;
const SCENARIO_MS_MAX = 120_000;

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
  afterAll(async () => {
    await cast?.story.end();
    await Promise.all([lines?.redis.close(), lines?.bus.close(), redis?.close(), bus?.close()]);
  }, START_MS_MAX);

  // First, while the processes of its start are there.
  outagesInSplitForm(() => cast, () => lines);

  it.each(scenarios.filter(({ point }) => chosen.includes(point)))('$says ($point) loses nothing and does nothing twice', (scenario) => runInSplitForm(cast, scenario));

  it('somebody stops it in the midst of trading loses nothing that it has answered, and ends well', () => stopsUnderLoad(cast));
});
