import { partitionOf } from '@libs/events/bus';
import { topics } from '@libs/contracts/events';
import { typeId } from '@libs/kernel/ids';
import { type BusPlace, type Invariant, pausedConsumers, serviceStores, type ServiceStore, type Stores } from '../../verify/invariant';
import { journalGaps } from './matching';

interface Counted {
  readonly topic: string;
  readonly key: string;
  readonly last: number;
}

/** A key's events as they are kept: the first and the last, how many different ones, and how many rows of them. */
interface Held extends Counted {
  readonly first: number;
  readonly n: number;
  readonly times: number;
}

const idOf = ({ topic, key }: { topic: string; key: string }) => `${topic} ${key}`;
const producers = serviceStores.filter((service) => Object.values(topics).some(({ producer }) => producer === service));
const counting = producers.filter((service) => service !== 'bidding');

/** How far a producer is in each key. Bidding counts on its markets' rows. */
async function produced(stores: Stores, service: ServiceStore): Promise<Counted[]> {
  if (service !== 'bidding') return stores[service].query<Counted>('select topic, key, last_kseq as last from event_counter');
  const markets = await stores.bidding.query<{ id: string; own: number; matches: number }>('select id, seq - match_seq as own, match_seq as matches from markets');
  return markets
    .flatMap(({ id, own, matches }) => [{ topic: 'markets', key: typeId('mkt', id), last: own }, { topic: 'matches.created', key: typeId('mkt', id), last: matches }])
    .filter(({ last }) => last > 0);
}

async function announced(stores: Stores): Promise<Counted[]> {
  return (await Promise.all(producers.map((service) => produced(stores, service)))).flat();
}

/** Nothing is missing between the first and the last, and the first is the first of all unless the oldest rows are past their time. */
const hasGap = ({ first, last, n }: Held, isPruned: boolean) => n !== last - first + 1 || (first !== 1 && !isPruned);

/** Read line by line here: taking the lines apart in the database takes many times as long. */
async function held(read: (take: (lines: readonly string[]) => void) => Promise<void>): Promise<Map<string, Held>> {
  const keys = new Map<string, { topic: string; key: string; first: number; last: number; times: number; seen: Set<number> }>();
  await read((lines) => {
    for (const line of lines) {
      const [topic, key, kseq] = JSON.parse(line) as [string, string, number]; // The wire form of libs/events.
      const id = idOf({ topic, key });
      let one = keys.get(id);
      if (!one) keys.set(id, (one = { topic, key, first: kseq, last: kseq, times: 0, seen: new Set() }));
      one.seen.add(kseq);
      one.first = Math.min(one.first, kseq);
      one.last = Math.max(one.last, kseq);
      one.times++;
    }
  });
  return new Map([...keys].map(([id, { seen, ...one }]) => [id, { ...one, n: seen.size }]));
}

async function outboxGaps(stores: Stores): Promise<string[]> {
  const offences = [...(await journalGaps(stores))];
  for (const service of counting) {
    const kept = await held((take) => stores[service].each<{ events: string }>('select events from outbox', ({ events: lines }) => take(lines.split('\n'))));
    const [oldest] = await stores[service].query<{ pos: number | null }>('select min(pos) as pos from outbox');
    const isPruned = oldest?.pos !== 1;
    const counters = new Map((await produced(stores, service)).map((one) => [idOf(one), one.last]));
    for (const [id, one] of kept) {
      const counted = counters.get(id) ?? 0;
      if (one.last !== counted || one.times !== one.n || hasGap(one, isPruned)) offences.push(`${id}: ${one.times} events up to ${one.last}, counted ${counted}`);
    }
    if (!isPruned) offences.push(...[...counters].filter(([id]) => !kept.has(id)).map(([id, counted]) => `${id}: no events, counted ${counted}`));
  }
  return offences;
}

async function unpublished(stores: Stores): Promise<string[]> {
  const [bus, all] = [await held((take) => stores.bus.each(({ lines }) => take(lines))), await announced(stores)];
  const pruned = await stores.bus.pruned();
  return all.flatMap((one) => {
    const found = bus.get(idOf(one));
    const isPruned = pruned.has(`${one.topic}/${partitionOf(one.key)}`);
    if (found ? found.last === one.last && !hasGap(found, isPruned) : isPruned) return [];
    return [`${idOf(one)}: ${one.last} announced, ${found?.n ?? 0} on the bus up to ${found?.last ?? 0}`];
  });
}

interface Reading {
  readonly service: ServiceStore;
  readonly topics: ReadonlySet<string>;
  readonly cursors: ReadonlyMap<string, number>;
  readonly parked: ReadonlyMap<string, number>;
}

async function readings(stores: Stores): Promise<Reading[]> {
  const positions = await stores.bus.positions();
  return Promise.all(
    serviceStores.map(async (service) => {
      const cursors = await stores[service].query<Counted>('select topic, key, last_kseq as last from inbox_cursor where consumer = $1', [service]);
      const parked = await stores[service].query<Counted>('select topic, key, count(*) as last from parked where consumer = $1 group by topic, key', [service]);
      return {
        service,
        topics: new Set(positions.filter(({ group }) => group === service).map(({ topic }) => topic)),
        cursors: new Map(cursors.map((one) => [idOf(one), one.last])),
        parked: new Map(parked.map((one) => [idOf(one), one.last])),
      };
    }),
  );
}

async function behindOrAhead(stores: Stores): Promise<string[]> {
  const all = new Map((await announced(stores)).map((one) => [idOf(one), one]));
  const awake = (await readings(stores)).filter(({ service }) => !stores.paused.includes(service));
  return awake.flatMap(({ service, topics: own, cursors }) => [
    ...[...cursors].filter(([id, at]) => at > (all.get(id)?.last ?? 0)).map(([id, at]) => `${service} is at ${at} of ${id}, which ends at ${all.get(id)?.last ?? 0}`),
    ...[...all].filter(([id, { topic, last }]) => own.has(topic) && (cursors.get(id) ?? 0) < last).map(([id, { last }]) => `${service} is at ${cursors.get(id) ?? 0} of ${id}, which ends at ${last}`),
  ]);
}

/** Published = applied + parked + in flight. What is in flight lies at or after the consumer's position. */
async function vanished(stores: Stores): Promise<string[]> {
  const inFlight = new Map<string, Set<number>>();
  const places = new Map<string, BusPlace[]>();
  for (const place of await stores.bus.positions()) {
    const id = `${place.topic}/${place.partition}`;
    places.set(id, [...(places.get(id) ?? []), place]);
  }
  await stores.bus.each(({ topic: name, partition, from, lines }) => {
    for (const { group, offset } of places.get(`${name}/${partition}`) ?? []) {
      for (const line of lines.slice(Math.max(0, offset - from))) {
        const [topic, key, kseq] = JSON.parse(line) as [string, string, number]; // The wire form of libs/events.
        const id = `${group} ${idOf({ topic, key })}`;
        inFlight.set(id, (inFlight.get(id) ?? new Set()).add(kseq));
      }
    }
  });
  const all = await announced(stores);
  return (await readings(stores)).flatMap(({ service, topics: own, cursors, parked }) =>
    all.filter(({ topic }) => own.has(topic)).flatMap((one) => {
      const [applied, waiting] = [cursors.get(idOf(one)) ?? 0, parked.get(idOf(one)) ?? 0];
      // An event may come a second time: what is applied or parked is not on its way.
      const coming = [...(inFlight.get(`${service} ${idOf(one)}`) ?? [])].filter((kseq) => kseq > applied + waiting).length;
      return applied + waiting + coming === one.last ? [] : [`${service}: of ${idOf(one)} ${one.last} were announced, ${applied} applied, ${waiting} parked, ${coming} are on their way`];
    }),
  );
}

export const events: readonly Invariant[] = [
  { id: 'E1', says: 'each key\'s events are 1..N in the outbox, as its counter says', offenders: outboxGaps },
  { id: 'E2', says: 'every event is on the bus, with no gap', offenders: unpublished },
  { id: 'E3', says: 'every consumer is where its producer is, in every key of its topics', offenders: behindOrAhead, unseen: pausedConsumers },
  { id: 'E4', says: 'every event is applied, parked or on its way, for each consumer: none has vanished', offenders: vanished },
];
