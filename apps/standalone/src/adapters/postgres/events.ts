import { type Topic, topics } from '@libs/contracts/events';
import { type Invariant, serviceStores, type ServiceStore, type Stores } from '../../verify/invariant';

interface Counted {
  readonly topic: string;
  readonly key: string;
  readonly last: number;
}

/** How far a producer is in each key. Bidding counts on its markets' rows. */
async function produced(stores: Stores, service: ServiceStore): Promise<Counted[]> {
  if (service !== 'bidding') return stores[service].query<Counted>('select topic, key, last_kseq as last from event_counter');
  return stores.bidding.query<Counted>(`select topic, key, max(kseq) as last from outbox_events group by topic, key`);
}

const idOf = ({ topic, key }: { topic: string; key: string }) => `${topic} ${key}`;
const producers = serviceStores.filter((service) => Object.values(topics).some(({ producer }) => producer === service));

export const events: readonly Invariant[] = [
  {
    id: 'E1',
    says: 'each key\'s events are 1..N in the outbox, as its counter says',
    offenders: async (stores) => {
      const offences: string[] = [];
      for (const service of producers) {
        const gaps = await stores[service].query<{ topic: string; key: string; n: number; last: number }>(
          `select topic, key, count(distinct kseq)::int as n, max(kseq) as last from outbox_events group by topic, key having count(*) <> max(kseq) or count(distinct kseq) <> max(kseq) or min(kseq) <> 1`,
        );
        offences.push(...gaps.map((gap) => `${idOf(gap)}: ${gap.n} events, the last is ${gap.last}`));
        if (service === 'bidding') continue;
        const counters = await stores[service].query<Counted>(
          `select c.topic, c.key, c.last_kseq as last from event_counter c left join (select topic, key, max(kseq) m from outbox_events group by 1, 2) e using (topic, key) where e.m is distinct from c.last_kseq`,
        );
        offences.push(...counters.map((one) => `${idOf(one)}: counted ${one.last}`));
      }
      return offences;
    },
  },
  {
    id: 'E2',
    says: 'every event is on the bus, with no gap',
    offenders: async (stores) => {
      const onBus = new Map(
        (
          await stores.bus.query<Counted & { n: number }>(
            `select e ->> 0 as topic, e ->> 1 as key, max((e ->> 2)::bigint) as last, count(distinct (e ->> 2)::bigint)::int as n
               from bus_log b, regexp_split_to_table(b.lines, '\\n') line, lateral (select line::json as e) x group by 1, 2`,
          )
        ).map((one) => [idOf(one), one]),
      );
      const announced = (await Promise.all(producers.map((service) => produced(stores, service)))).flat();
      return announced.filter((one) => onBus.get(idOf(one))?.last !== one.last || onBus.get(idOf(one))?.n !== one.last).map((one) => `${idOf(one)}: ${one.last} announced, ${onBus.get(idOf(one))?.n ?? 0} on the bus`);
    },
  },
  {
    id: 'E3',
    says: 'every consumer is where its producer is, in every key of its topics',
    offenders: async (stores) => {
      const announced = new Map((await Promise.all(producers.map((service) => produced(stores, service)))).flat().map((one) => [idOf(one), one]));
      const offences: string[] = [];
      for (const service of serviceStores) {
        const listened = new Set((await stores.bus.query<{ topic: Topic }>('select distinct topic from bus_position where consumer_group = $1', [service])).map(({ topic }) => topic));
        const cursors = new Map((await stores[service].query<Counted>('select topic, key, last_kseq as last from inbox_cursor')).map((one) => [idOf(one), one.last]));
        for (const [id, last] of cursors) if (last > (announced.get(id)?.last ?? 0)) offences.push(`${service} is at ${last} of ${id}, which ends at ${announced.get(id)?.last ?? 0}`);
        for (const [id, { topic, last }] of announced) if (listened.has(topic as Topic) && (cursors.get(id) ?? 0) < last) offences.push(`${service} is at ${cursors.get(id) ?? 0} of ${id}, which ends at ${last}`); // Topics of the catalogue only are announced.
      }
      return offences;
    },
  },
  {
    id: 'E4',
    says: 'no event is parked',
    offenders: async (stores) => {
      const found = await Promise.all(serviceStores.map(async (service) => (await stores[service].query<Counted & { kseq: number }>('select topic, key, kseq from parked')).map((one) => `${service}: ${idOf(one)} ${one.kseq}`)));
      return found.flat();
    },
  },
];
