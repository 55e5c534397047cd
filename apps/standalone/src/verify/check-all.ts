import { events } from '../adapters/postgres/events';
import { matching } from '../adapters/postgres/matching';
import { money } from '../adapters/postgres/money';
import { orders } from '../adapters/postgres/orders';
import { books } from '../adapters/redis/redis-live-books';
import type { Invariant, Stores } from './invariant';

export const invariants: readonly Invariant[] = [...matching, ...money, ...orders, ...events, ...books];

export interface Verdict {
  readonly invariant: Invariant;
  readonly offenders: readonly string[];
}

const LOOKS_MAX = 8;
const BETWEEN_LOOKS_MS = 500;

/**
 * Checks every rule. While the exchange runs, a look may fall between a cause and its effect: an offender counts only if it is
 * still one after the consumers have had the time to pass what was read first, look after look.
 */
export async function checkAll(isRunning: boolean, look: () => Promise<Stores>): Promise<Verdict[]> {
  let verdicts = await check(invariants, await look());
  for (let looks = 1; isRunning && looks < LOOKS_MAX && verdicts.some(({ offenders }) => offenders.length > 0); looks++) {
    await new Promise((done) => setTimeout(done, BETWEEN_LOOKS_MS));
    const suspects = verdicts.filter(({ offenders }) => offenders.length > 0).map(({ invariant }) => invariant);
    const again = new Map((await check(suspects, await look())).map((verdict) => [verdict.invariant.id, verdict.offenders]));
    verdicts = verdicts.map(({ invariant, offenders }) => ({ invariant, offenders: offenders.filter((one) => again.get(invariant.id)?.includes(one)) }));
  }
  return verdicts;
}

async function check(some: readonly Invariant[], stores: Stores): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const invariant of some) verdicts.push({ invariant, offenders: await invariant.offenders(stores) });
  return verdicts;
}
