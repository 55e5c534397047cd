import { failpoints } from '@libs/kernel/failpoint';
import { Story } from '@libs/testing/story';
import { Cast, persistently } from './cast';
import { outagesInOneProcess } from './outages';
import { runInOneProcess } from './run-scenario';
import { scenarios } from './scenarios';
import { stopsUnderLoad } from './stop-under-load';

const START_MS_MAX = 240_000;
const SCENARIO_MS_MAX = 300_000;

/** One exchange lives, dies and lives again through all of them, on one data folder. */
describe('an exchange in one process that is killed when', () => {
  let cast: Cast;
  jest.setTimeout(SCENARIO_MS_MAX);
  beforeAll(async () => {
    cast = await Cast.gather(await Story.begin());
  }, START_MS_MAX);
  beforeEach(() => persistently(() => cast.everybodyLogsIn()));
  afterAll(() => cast?.story.end(), START_MS_MAX);

  // First, while the processes of its start are there.
  outagesInOneProcess(() => cast);

  it.each(scenarios)('$says ($point) loses nothing and does nothing twice (L10)', (scenario) => runInOneProcess(cast, scenario));

  it('somebody stops it in the midst of trading loses nothing that it has answered, and ends well', () => stopsUnderLoad(cast));
});

it('every named point has its scenario', () => {
  expect(scenarios.map(({ point }) => point).sort()).toEqual([...failpoints].sort());
});
