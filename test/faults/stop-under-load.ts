import { randomUUID } from 'node:crypto';
import { until } from '@libs/testing/exchange-process';
import { Problem } from '@libs/client/api';
import type { Page, PlacedQuote, Trader } from '@libs/client/trader';
import type { Cast } from './cast';

const AT_ONCE = 6;
const ANSWERS_BEFORE_STOP = 60;
const ANSWERS_WITHIN_MS = 120_000;
const PRICE = 300;

/** Stopped as an operator stops it while bids and asks come in and meet: every answer that was given stands after the next start. */
export async function stopsUnderLoad(cast: Cast): Promise<void> {
  const { story, bea, sam } = cast;
  const markets = await Promise.all(Array.from({ length: AT_ONCE }, () => cast.market()));
  const answers = { bids: [] as PlacedQuote[], asks: [] as PlacedQuote[] };
  const refusals: unknown[] = [];
  let isOver = false;

  const trading = markets.map(async (market, i) => {
    while (!isOver) {
      await bea.bids(market, PRICE - 10 * i, {}, randomUUID()).then((bid) => answers.bids.push(bid), (error: unknown) => refusals.push(error));
      // Every other pair meets; the bids between rest.
      if (answers.bids.length % 2 === 0) await sam.asks(market, PRICE - 10 * i, {}, randomUUID()).then((ask) => answers.asks.push(ask), (error: unknown) => refusals.push(error));
    }
  });
  await until('enough has been traded', ANSWERS_WITHIN_MS, () => answers.bids.length + answers.asks.length >= ANSWERS_BEFORE_STOP);
  const loggedBefore = story.exchange.log.length;
  const code = await story.exchange.stop();
  isOver = true;
  await Promise.all(trading);

  expect(code).toBe(0);
  // Nobody has called somebody who was gone already.
  expect(warningsIn(story.exchange.log.slice(loggedBefore))).toEqual([]);
  // Who was not served was told so in good form, or found the door shut.
  expect(refusals.filter((error) => error instanceof Problem && error.status !== 503)).toEqual([]);
  await story.exchange.start();
  await story.settled();
  await standsAs(bea, 'bids', answers.bids);
  await standsAs(sam, 'asks', answers.asks);
  const matches = [...answers.bids, ...answers.asks].flatMap(({ match }) => match?.id ?? []);
  const orders = await listed<{ matchId: string }>(bea, 'orders');
  expect(matches.filter((id) => orders.filter(({ matchId }) => matchId === id).length !== 1)).toEqual([]);
  expect(await story.invariantsHold()).toContain('invariants hold');
}

const warningsIn = (log: string): string[] => log.split('\n').filter((line) => /"level":"(warn|error|fatal)"/.test(line));

async function standsAs(who: Trader, kind: 'bids' | 'asks', answers: readonly PlacedQuote[]): Promise<void> {
  const standing = new Set((await listed<{ id: string }>(who, kind)).map(({ id }) => id));
  expect(answers.filter(({ id }) => !standing.has(id))).toEqual([]);
}

async function listed<T>(who: Trader, what: string): Promise<T[]> {
  const found: T[] = [];
  for (let cursor = ''; ; ) {
    const { data, page } = await who.api.get<Page<T>>(`/v1/${what}?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    found.push(...data);
    if (!page.nextCursor) return found;
    cursor = page.nextCursor;
  }
}
