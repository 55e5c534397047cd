import { Story } from '@libs/testing/story';
import type { ExchangeOptions } from '@libs/testing/exchange-process';
import { accountJourneys } from './account.journey';
import { marketJourneys } from './market.journey';
import { messageJourneys } from './message.journey';
import { personalDataShownBy } from './personal-data';
import { pricesJourneys } from './prices.journey';
import { searchJourneys } from './search.journey';
import { tradeJourneys } from './trade.journey';

const START_MS_MAX = 240_000;
const JOURNEY_MS_MAX = 300_000;

/** Every story, on one exchange; afterwards the operator's check must hold and the logs must be clean. */
export function allJourneys(topology: string, options: ExchangeOptions): void {
  describe(`the exchange ${topology}`, () => {
    let story: Story | undefined;
    const current = () => {
      if (!story) throw new Error('the story has not begun');
      return story;
    };
    jest.setTimeout(JOURNEY_MS_MAX);
    beforeAll(async () => {
      story = await Story.begin(options);
    }, START_MS_MAX);
    beforeEach(() => current().staffLogsIn());
    afterAll(() => story?.end(), START_MS_MAX);

    describe('a trade', () => tradeJourneys(current));
    describe('a market', () => marketJourneys(current));
    describe('a message', () => messageJourneys(current));
    describe('prices', () => pricesJourneys(current));
    describe('a search', () => searchJourneys(current));
    describe('an account', () => accountJourneys(current));

    it('keeps every invariant', async () => {
      expect(await current().invariantsHold()).toContain('invariants hold');
    });

    it('logs no warning and no error', () => {
      const { log } = current().exchange;
      expect(log.split('\n').filter((line) => /"level":"(warn|error|fatal)"|UnhandledPromise/.test(line))).toEqual([]);
    });

    it('shows what people have told it of themselves in no log, metric or event, and in no database but the one that keeps it (I5)', async () => {
      expect(await personalDataShownBy(current().exchange)).toEqual([]);
    });
  });
}
