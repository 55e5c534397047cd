import { randomUUID } from 'node:crypto';
import type { OutboxMessage } from '@libs/client/outside-world';
import type { Trader } from '@libs/client/trader';
import type { Cast } from './cast';
import type { Play } from './scenario';

const PRICE = 300;

/** A message whose sender died before it asked the provider may be lost, unless it is about money; none comes twice. */
export async function newsThatMayBeLost(cast: Cast): Promise<Play> {
  return news(cast, (told) => {
    expect(told.filter((subject) => subject.startsWith('Paid'))).toHaveLength(1);
    expect(told).toEqual([...new Set(told)]);
  });
}

/** A message that its provider has taken is found there, and not sent again. Of those that were under way beside it, one that is not about money may be lost. */
export async function newsThatIsTold(cast: Cast): Promise<Play> {
  return news(cast, (told) => {
    const kinds = told.map((subject) => subject.split(':')[0] ?? '');
    expect(kinds).toEqual([...new Set(kinds)]);
    expect(kinds).toContain('Paid');
    expect(['It is yours', 'Paid', 'Sold', 'Time to ship']).toEqual(expect.arrayContaining(kinds));
  });
}

/** A trade, and what its two sides hear of it. */
async function news(cast: Cast, check: (told: string[]) => void): Promise<Play> {
  const { bea, sam, story } = cast;
  const [market, key] = [await cast.market(), randomUUID()];
  await sam.asks(market, PRICE);
  await story.settled();
  const before = new Set((await mailsOf(bea, sam)).map(({ reference }) => reference));
  return {
    acts: () => bea.bids(market, PRICE, {}, key),
    async endsWell() {
      const since = (await mailsOf(bea, sam)).filter(({ reference }) => !before.has(reference));
      check(since.map(({ subject }) => subject ?? ''));
    },
  };
}

async function mailsOf(...people: readonly Trader[]): Promise<OutboxMessage[]> {
  return (await Promise.all(people.map((person) => person.mails()))).flat();
}
