import type { Failpoint } from '@libs/kernel/failpoint';
import { Story } from '@libs/testing/story';
import { Cast } from './cast';
import { runInSplitForm } from './run-scenario';
import { scenarios } from './scenarios';
import { stopsUnderLoad } from './stop-under-load';

const START_MS_MAX = 120_000;
const SCENARIO_MS_MAX = 120_000;

/** Where it matters most that only one of them dies, and that its callers are left with an answer of unknown fate. */
const chosen: readonly Failpoint[] = ['bidding.duringCommit', 'bidding.afterCommit', 'relay.afterSend', 'order.afterCommit', 'payment.afterPspBeforeRow', 'gateway.afterForwardBeforeReply'];

describe('an exchange of one process per service, one of which is killed when', () => {
  let cast: Cast;
  jest.setTimeout(SCENARIO_MS_MAX);
  beforeAll(async () => {
    cast = await Cast.gather(await Story.begin({ split: true }));
  }, START_MS_MAX);
  afterAll(() => cast?.story.end(), START_MS_MAX);

  it.each(scenarios.filter(({ point }) => chosen.includes(point)))('$says ($point) loses nothing and does nothing twice', (scenario) => runInSplitForm(cast, scenario));

  it('somebody stops it in the midst of trading loses nothing that it has answered, and ends well', () => stopsUnderLoad(cast));
});
