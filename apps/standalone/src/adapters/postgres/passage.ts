import { type BusPlace, type ServiceStore, serviceStores, type Stores } from '../../verify/invariant';

const LOOK_EVERY_MS = 100;

/**
 * Waits until what had been announced by now has been passed by its consumers: out of the outboxes first, then over the ends
 * that the bus has after that. Answers whether it was so; events that keep coming do not make it longer. A slow exchange is waited for as
 * long as it gets on; one that does not for `patienceMs` stands still.
 */
export async function passed(stores: Stores, patienceMs: number): Promise<boolean> {
  const outboxes = await outboxEnds(stores);
  if (!(await until(patienceMs, async () => sum(await Promise.all(outboxes.map(([service, pos]) => unpublished(stores, service, pos))))))) return false;
  const ends = new Map((await stores.bus.ends()).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const behind = ({ topic, partition, offset }: BusPlace) => Math.max(0, (ends.get(`${topic}/${partition}`) ?? 0) - offset);
  return until(patienceMs, async () => sum((await stores.bus.positions()).filter(({ group }) => !stores.paused.includes(group)).map(behind)));
}

/** Taken up and not laid down again: what the saga asks, what is under way at the provider, and the provider's messages. None of them travels over the bus. */
const STEPS = `select id::text as id, attempts as n from saga_steps where (state = 'running' and lease_until > now()) or (state = 'ready' and next_at <= now())`;
const OPERATIONS = `select op_id::text as id, takes as n from payment_op where state in ('planned', 'sent', 'unknown') and (leased_until > now() or next_at <= now())`;
const MESSAGES = `select event_id as id, attempts as n from psp_event where applied_at is null and next_at <= now()`;

/** Waits until the work that was under way by now has ended, or has been tried once more and put off. Patience as above. */
export async function workedOff(stores: Stores, patienceMs: number): Promise<boolean> {
  const look = async () => {
    const [steps, operations, messages] = [await work(stores, 'order', STEPS), await work(stores, 'payment', OPERATIONS), await work(stores, 'payment', MESSAGES)];
    return new Map([...steps, ...operations, ...messages]);
  };
  const first = await look();
  return until(patienceMs, async () => [...(await look())].filter(([id, tries]) => tries <= (first.get(id) ?? -1) + 1).length);
}

async function work(stores: Stores, service: ServiceStore, sql: string): Promise<[string, number][]> {
  return (await stores[service].query<{ id: string; n: number }>(sql)).map(({ id, n }) => [id, n]);
}

/** The last row of each outbox. */
async function outboxEnds(stores: Stores): Promise<(readonly [ServiceStore, number])[]> {
  return Promise.all(serviceStores.map(async (service) => [service, (await stores[service].query<{ pos: number | null }>('select max(pos) as pos from outbox'))[0]?.pos ?? 0] as const));
}

/** How many rows are not out. Those of an owner are behind its watermark once they are; the others are marked. */
async function unpublished(stores: Stores, service: ServiceStore, pos: number): Promise<number> {
  const [left] = await stores[service].query<{ n: string }>(
    `select (select count(*) from outbox where owner is null and published_at is null and pos <= $1)
          + (select count(*) from outbox o left join outbox_watermark w on w.owner = o.owner where o.owner is not null and o.pos > coalesce(w.pos, 0) and o.pos <= $1) as n`,
    [pos],
  );
  return Number(left?.n ?? 0);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Until nothing is left; false when there has not become less of it for so long. */
async function until(patienceMs: number, left: () => Promise<number>): Promise<boolean> {
  let least = Infinity;
  for (let limit = 0; ; ) {
    const now = await left();
    if (now === 0) return true;
    if (now < least) limit = performance.now() + patienceMs;
    else if (performance.now() >= limit) return false;
    least = Math.min(least, now);
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}
