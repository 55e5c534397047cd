import { type ServiceStore, serviceStores, type Stores } from '../../verify/invariant';

const LOOK_EVERY_MS = 100;

/**
 * Waits until what had been announced by now has been passed by its consumers: out of the outboxes first, then over the ends
 * that the bus has after that. Answers whether it was so in time; events that keep coming do not make it longer.
 */
export async function passed(stores: Stores, withinMs: number): Promise<boolean> {
  const limit = performance.now() + withinMs;
  const outboxes = await outboxEnds(stores);
  if (!(await until(limit, async () => (await Promise.all(outboxes.map(([service, pos]) => isPublished(stores, service, pos)))).every(Boolean)))) return false;
  const ends = await stores.bus.query<{ topic: string; part: number; offset: number }>('select topic, part, next_offset as offset from bus_partition');
  const arrays = [ends.map(({ topic }) => topic), ends.map(({ part }) => part), ends.map(({ offset }) => offset)];
  return until(limit, async () => {
    const behind = await stores.bus.query('select from bus_position p join unnest($1::text[], $2::int[], $3::bigint[]) e (topic, part, end_offset) using (topic, part) where p.next_offset < e.end_offset limit 1', arrays);
    return behind.length === 0;
  });
}

/** The last row of each outbox. */
async function outboxEnds(stores: Stores): Promise<(readonly [ServiceStore, number])[]> {
  return Promise.all(serviceStores.map(async (service) => [service, (await stores[service].query<{ pos: number | null }>('select max(pos) as pos from outbox'))[0]?.pos ?? 0] as const));
}

/** Rows of an owner are behind its watermark once they are out; the others are marked. */
async function isPublished(stores: Stores, service: ServiceStore, pos: number): Promise<boolean> {
  const left = await stores[service].query(
    `(select 1 from outbox where owner is null and published_at is null and pos <= $1 limit 1)
     union all
     (select 1 from outbox_watermark w where exists (select from outbox o where o.owner = w.owner and o.pos > w.pos and o.pos <= $1) limit 1)`,
    [pos],
  );
  return left.length === 0;
}

async function until(limit: number, isSo: () => Promise<boolean>): Promise<boolean> {
  while (!(await isSo())) {
    if (performance.now() > limit) return false;
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
  return true;
}
