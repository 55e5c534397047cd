import { events } from '../adapters/postgres/events';
import { matching } from '../adapters/postgres/matching';
import { money } from '../adapters/postgres/money';
import { orders } from '../adapters/postgres/orders';
import { passed } from '../adapters/postgres/passage';
import { books } from '../adapters/redis/redis-live-books';
import type { Invariant, Stores } from './invariant';

export const invariants: readonly Invariant[] = [...matching, ...money, ...orders, ...events, ...books];

export interface Verdict {
  readonly invariant: Invariant;
  readonly offenders: readonly string[];
}

/** A chain of causes runs over the bus several times: a match, its payment, its announcement. */
const LOOKS_MAX = 8;
const PASSAGE_MS_MAX = 10_000;
/** For what comes by other ways than the bus: steps of the saga, webhooks, the live books. */
const BETWEEN_LOOKS_MS = 500;

/**
 * Checks every rule. While the exchange runs, a look may fall between a cause and its effect: an offender counts only if it is
 * still one after the consumers have passed what had been announced at the look before.
 */
export async function checkAll(isRunning: boolean, look: () => Promise<Stores>): Promise<Verdict[]> {
  let stores = await look();
  let verdicts = await check(invariants, stores);
  for (let looks = 1; isRunning && looks < LOOKS_MAX && verdicts.some(({ offenders }) => offenders.length > 0); looks++) {
    // Consumers that stand still will not bring anything together: what is seen then counts.
    const [isPassed] = await Promise.all([passed(stores, PASSAGE_MS_MAX), new Promise((done) => setTimeout(done, BETWEEN_LOOKS_MS))]);
    stores = await look();
    const suspects = verdicts.filter(({ offenders }) => offenders.length > 0).map(({ invariant }) => invariant);
    const again = new Map((await check(suspects, stores)).map((verdict) => [verdict.invariant.id, new Set(verdict.offenders)]));
    verdicts = verdicts.map(({ invariant, offenders }) => ({ invariant, offenders: offenders.filter((one) => again.get(invariant.id)?.has(one)) }));
    if (!isPassed) break;
  }
  return verdicts;
}

async function check(some: readonly Invariant[], stores: Stores): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const invariant of some) verdicts.push({ invariant, offenders: await invariant.offenders(stores) });
  return verdicts;
}
