import { typeId } from '@libs/kernel/ids';
import { type Invariant, rows, type Stores } from '../../verify/invariant';

const LATE = `interval '60 seconds'`;

export const orders: readonly Invariant[] = [
  { id: 'O1', says: 'each match has exactly one order, and a match is bust exactly when its order came to nothing', offenders: matchesAndOrders },
  rows('O2', 'each order\'s events are 1..N, lead from one to the next along the table, and end at its status', 'order', `
    select o.id, 'gap' as what from orders o left join order_events e on e.order_id = o.id group by o.id, o.version having count(e.*) <> max(e.version) or min(e.version) <> 1 or max(e.version) <> o.version
    union all
    select o.id, 'status' from orders o join order_events e on e.order_id = o.id and e.version = o.version where e.to_status <> o.status
    union all
    select e.order_id, 'edge' from order_events e join order_events p on p.order_id = e.order_id and p.version = e.version - 1
     where e.from_status <> p.to_status or e.previous_hash <> p.hash or (e.from_status <> e.to_status and not exists (select from order_edges x where x.from_status = e.from_status and x.to_status = e.to_status))`),
  {
    id: 'O3',
    says: 'no order is stuck beyond a deadline without a task for a person',
    offenders: async ({ order, now }) => {
      const late = await order.query<{ order_id: string; what: string }>(
        `select t.order_id, 'deadline ' || t.kind as what from timers t where t.fired_at is null and t.due_at < $1::timestamptz - ${LATE}
            and not exists (select from manual_tasks m where m.order_id = t.order_id and m.closed_at is null)
         union all
         select s.order_id, 'step ' || s.kind from saga_steps s where s.state in ('ready', 'running', 'waiting') and s.failing_since < now() - interval '1 hour' - ${LATE}
            and not exists (select from manual_tasks m where m.order_id = s.order_id and m.closed_at is null)`,
        [now],
      );
      return late.map(({ order_id, what }) => `${typeId('ord', order_id)} is late: ${what}`);
    },
  },
  { id: 'O4', says: 'each verdict is one, and by nobody who traded; a pair is sent on only after a pass', offenders: verdicts },
  { id: 'O5', says: 'an order that came to nothing has let go of the pair and was announced once', offenders: deadOrders },
];

async function matchesAndOrders({ bidding, order }: Stores): Promise<string[]> {
  const matches = await bidding.query<{ id: string; state: string }>('select id, state from matches');
  const known = await order.query<{ match_id: string; status: string; cancel_reason: string | null; paid: boolean; busy: boolean }>(
    `select o.match_id, o.status, o.cancel_reason, o.paid_at is not null as paid,
            exists (select from saga_steps s where s.order_id = o.id and s.state in ('ready', 'running', 'waiting')) as busy from orders o`,
  );
  const byMatch = new Map(known.map((one) => [one.match_id, one]));
  const ids = new Set(matches.map(({ id }) => id));
  const offences = known.filter(({ match_id }) => !ids.has(match_id)).map(({ match_id }) => `an order names ${typeId('mtc', match_id)}, which is no match`);
  for (const { id, state } of matches) {
    const found = byMatch.get(id);
    if (!found) {
      offences.push(`${typeId('mtc', id)} has no order`);
      continue;
    }
    const cameToNothing = found.status === 'cancelled' || found.status === 'auth_failed';
    if (!found.busy && (state === 'bust') !== cameToNothing) offences.push(`${typeId('mtc', id)} is ${state}, its order ${found.status}`);
    if (state === 'completed' && !found.paid) offences.push(`${typeId('mtc', id)} is completed, its order unpaid`);
  }
  return offences;
}

async function verdicts({ authentication, order }: Stores): Promise<string[]> {
  const given = await authentication.query<{ order_id: string; verdict: string; by_party: boolean }>(
    `select i.order_id, v.verdict, exists (select from opinions p where p.inspection_id = i.id and p.given_by in (i.buyer_id, i.seller_id)) as by_party
       from inspections i join verdicts v on v.inspection_id = i.id`,
  );
  const passed = new Set(given.filter(({ verdict }) => verdict === 'pass').map(({ order_id }) => order_id));
  const sent = await order.query<{ order_id: string }>(`select order_id from order_events where event = 'buyer_shipped'`);
  return [
    ...given.filter(({ by_party }) => by_party).map(({ order_id }) => `${typeId('ord', order_id)} was judged by one who traded it`),
    ...sent.filter(({ order_id }) => !passed.has(order_id)).map(({ order_id }) => `${typeId('ord', order_id)} was sent on without a pass`),
  ];
}

async function deadOrders({ order, product }: Stores): Promise<string[]> {
  const dead = await order.query<{ id: string; busy: boolean; status: string }>(
    `select o.id, o.status, exists (select from saga_steps s where s.order_id = o.id and s.kind = 'release_stock' and s.state <> 'done') as busy
       from orders o where o.status in ('cancelled', 'auth_failed')`,
  );
  const kept = new Set((await product.query<{ order_id: string }>('select order_id from reservations where released_at is null')).map(({ order_id }) => order_id));
  const counts = new Map(
    (await order.query<{ key: string; n: number }>(`select key, count(*)::int as n from outbox_events where type = 'order.cancelled' group by key`)).map(({ key, n }) => [key, n]),
  );
  return dead.flatMap(({ id, busy, status }) => [
    ...(kept.has(id) && !busy ? [`${typeId('ord', id)} still holds its pair`] : []),
    ...(status === 'cancelled' && counts.get(typeId('ord', id)) !== 1 ? [`${typeId('ord', id)} was announced cancelled ${counts.get(typeId('ord', id)) ?? 0} times`] : []),
  ]);
}
