import { events } from '../adapters/postgres/events';
import { matching } from '../adapters/postgres/matching';
import { messages } from '../adapters/postgres/messages';
import { money } from '../adapters/postgres/money';
import { orders } from '../adapters/postgres/orders';
import { passed, workedOff } from '../adapters/postgres/passage';
import { prices } from '../adapters/postgres/prices';
import { projections } from '../adapters/postgres/projections';
import { books } from '../adapters/redis/redis-live-books';
import type { Invariant, Stores } from './invariant';

export const invariants: readonly Invariant[] = [...matching, ...prices, ...money, ...orders, ...events, ...messages, ...projections, ...books];

export interface Verdict {
  readonly invariant: Invariant;
  readonly offenders: readonly string[];
  /** What of it could not be looked at, if anything. */
  readonly unseen: string | undefined;
}

/** A chain of causes runs over the bus several times: a match, its payment, its announcement. */
const LOOKS_MAX = 8;
const PATIENCE_MS = 10_000;
/** For what nobody keeps a position of: the live books are written right after the commit. */
const BETWEEN_LOOKS_MS = 500;

/**
 * Checks every rule. While the exchange runs, a look may fall between a cause and its effect: an offender counts only if it is
 * still one after the consumers have passed what had been announced at the look before, and what was under way then has ended.
 */
export async function checkAll(isRunning: boolean, look: () => Promise<Stores>): Promise<Verdict[]> {
  let stores = await look();
  let verdicts = await check(invariants, stores);
  for (let looks = 1; isRunning && looks < LOOKS_MAX && verdicts.some(({ offenders }) => offenders.length > 0); looks++) {
    // Consumers that stand still will not bring anything together: what is seen then counts.
    const [isPassed, isWorkedOff] = await Promise.all([passed(stores, PATIENCE_MS), workedOff(stores, PATIENCE_MS), new Promise((done) => setTimeout(done, BETWEEN_LOOKS_MS))]);
    stores = await look();
    const suspects = verdicts.filter(({ offenders }) => offenders.length > 0).map(({ invariant }) => invariant);
    const again = new Map((await check(suspects, stores)).map((verdict) => [verdict.invariant.id, new Set(verdict.offenders)]));
    verdicts = verdicts.map(({ offenders, ...verdict }) => ({ ...verdict, offenders: offenders.filter((one) => again.get(verdict.invariant.id)?.has(one)) }));
    if (!isPassed || !isWorkedOff) break;
  }
  return verdicts;
}

async function check(some: readonly Invariant[], stores: Stores): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const invariant of some) verdicts.push({ invariant, offenders: await invariant.offenders(stores), unseen: invariant.unseen?.(stores) });
  return verdicts;
}
