import { createHash } from 'node:crypto';
import { typeId } from '@libs/kernel/ids';
import type { Invariant, Stores } from '../../verify/invariant';

const LATE = `interval '60 seconds'`;

export const orders: readonly Invariant[] = [
  { id: 'O1', says: 'each match has exactly one order at its price, and is bust exactly when that came to nothing', offenders: matchesAndOrders },
  { id: 'O2', says: 'each order\'s events are 1..N, hash-chained, lead along the table, and end at its status', offenders: histories },
  {
    id: 'O3',
    says: 'no order is stuck beyond a deadline without a task for a person',
    offenders: async ({ order, payment, now }) => {
      const late = await order.query<{ order_id: string; what: string }>(
        `select t.order_id, 'deadline ' || t.kind as what from timers t where t.fired_at is null and t.due_at < $1::timestamptz - ${LATE}
            and not exists (select from manual_tasks m where m.order_id = t.order_id and m.closed_at is null)
         union all
         select s.order_id, 'step ' || s.kind from saga_steps s where s.state in ('ready', 'running', 'waiting') and s.failing_since < now() - interval '1 hour' - ${LATE}
            and not exists (select from manual_tasks m where m.order_id = s.order_id and m.closed_at is null)
         union all
         select o.id, 'nothing is planned' from orders o where o.status = 'pending' and not exists (select from saga_steps s where s.order_id = o.id and s.state in ('ready', 'running', 'waiting'))
            and not exists (select from manual_tasks m where m.order_id = o.id and m.closed_at is null)`,
        [now],
      );
      const unknown = await payment.query<{ order_id: string; what: string }>(
        `select p.order_id, 'operation ' || p.kind as what from payment_op p where p.state = 'unknown' and p.sent_at < now() - interval '1 hour' - ${LATE}
            and not exists (select from manual_tasks m where m.order_id = p.order_id and m.closed_at is null)`,
      );
      return [...late, ...unknown].map(({ order_id, what }) => `${typeId('ord', order_id)} is late: ${what}`);
    },
  },
  { id: 'O4', says: 'each verdict is one, of authenticators who did not trade, a fail by two of them; a pair is sent on only after a pass', offenders: verdicts },
  { id: 'O5', says: 'an order that came to nothing has let go of the pair and was announced once', offenders: deadOrders },
];

async function matchesAndOrders({ bidding, order }: Stores): Promise<string[]> {
  const matches = await bidding.query<{ id: string; state: string; price: number }>('select id, state, price from matches');
  const known = await order.query<{ match_id: string; price: number; status: string; paid: boolean; busy: boolean }>(
    `select o.match_id, o.price_minor as price, o.status, o.paid_at is not null as paid,
            exists (select from saga_steps s where s.order_id = o.id and s.state in ('ready', 'running', 'waiting')) as busy from orders o`,
  );
  const byMatch = new Map(known.map((one) => [one.match_id, one]));
  const ids = new Set(matches.map(({ id }) => id));
  const offences = known.filter(({ match_id }) => !ids.has(match_id)).map(({ match_id }) => `an order names ${typeId('mtc', match_id)}, which is no match`);
  for (const { id, state, price } of matches) {
    const found = byMatch.get(id);
    if (!found) {
      offences.push(`${typeId('mtc', id)} has no order`);
      continue;
    }
    if (found.price !== price) offences.push(`${typeId('mtc', id)} was at ${price}, its order is at ${found.price}`);
    const cameToNothing = found.status === 'cancelled' || found.status === 'auth_failed';
    if (!found.busy && (state === 'bust') !== cameToNothing) offences.push(`${typeId('mtc', id)} is ${state}, its order ${found.status}`);
    if (state === 'completed' && !found.paid) offences.push(`${typeId('mtc', id)} is completed, its order unpaid`);
  }
  return offences;
}

interface Entry {
  readonly order_id: string;
  readonly version: number;
  readonly event: string;
  readonly from_status: string;
  readonly to_status: string;
  readonly actor: string;
  readonly actor_id: string | null;
  readonly reason: string;
  readonly at: Date;
  readonly trace_id: string;
  readonly previous_hash: string;
  readonly hash: string;
}

async function histories({ order }: Stores): Promise<string[]> {
  const edges = new Set((await order.query<{ edge: string }>(`select from_status || ' to ' || to_status as edge from order_edges`)).map(({ edge }) => edge));
  const last = new Map<string, Entry>();
  const offences: string[] = [];
  await order.each<Entry>('select * from order_events order by order_id, version', (entry) => {
    const { order_id, version, from_status, to_status } = entry;
    const before = last.get(order_id);
    const offend = (what: string) => offences.push(`${typeId('ord', order_id)}, event ${version}: ${what}`);
    if (version !== (before?.version ?? 0) + 1) offend(`follows ${before?.version ?? 'nothing'}`);
    if (before && (from_status !== before.to_status || !edges.has(`${from_status} to ${to_status}`))) offend(`leads from ${from_status} to ${to_status} after ${before.to_status}`);
    if (!before && to_status !== 'pending') offend(`begins ${to_status}`);
    if (entry.previous_hash !== (before?.hash ?? '') || entry.hash !== hashOf(entry)) offend('is not what was written then');
    last.set(order_id, entry);
  });
  await order.each<{ id: string; status: string; version: number }>('select id, status, version from orders', ({ id, status, version }) => {
    const end = last.get(id);
    if (end?.to_status !== status || end.version !== version) offences.push(`${typeId('ord', id)} is ${status} at ${version}, by its events ${end?.to_status ?? 'nothing'} at ${end?.version ?? 0}`);
  });
  return offences;
}

function hashOf({ order_id, version, event, from_status, to_status, actor, actor_id, reason, at, trace_id, previous_hash }: Entry): string {
  const parts = [previous_hash, typeId('ord', order_id), version, event, from_status, to_status, actor, actor_id ? typeId('usr', actor_id) : '', reason, at.toISOString(), trace_id];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

interface Judged {
  readonly order_id: string;
  readonly verdict: 'pass' | 'fail';
  readonly buyer_id: string;
  readonly seller_id: string;
  readonly opinions: readonly { voice: string; by: string; verdict: string }[];
}

async function verdicts({ authentication, order, user }: Stores): Promise<string[]> {
  const given = await authentication.query<Judged>(
    `select i.order_id, v.verdict, i.buyer_id, i.seller_id, coalesce(json_agg(json_build_object('voice', p.voice, 'by', p.given_by, 'verdict', p.verdict)) filter (where p.voice is not null), '[]') as opinions
       from inspections i join verdicts v on v.inspection_id = i.id left join opinions p on p.inspection_id = i.id group by i.id, v.inspection_id`,
  );
  const roles = '(authenticator|admin)';
  // Who was one once may have ceased to be it since: what was granted is on record.
  const staff = new Set((await user.query<{ id: string }>(
    `select id from users where roles && '{authenticator,admin}' union select user_id from admin_actions where before ~ '${roles}' or after ~ '${roles}'`,
  )).map(({ id }) => id));
  const passed = new Set(given.filter(({ verdict }) => verdict === 'pass').map(({ order_id }) => order_id));
  const sent = await order.query<{ order_id: string }>(`select order_id from order_events where event = 'buyer_shipped'`);
  return [
    ...given.flatMap((judged) => whatIsWrong(judged, staff).map((what) => `${typeId('ord', judged.order_id)} was ${what}`)),
    ...sent.filter(({ order_id }) => !passed.has(order_id)).map(({ order_id }) => `${typeId('ord', order_id)} was sent on without a pass`),
  ];
}

function whatIsWrong({ verdict, buyer_id, seller_id, opinions }: Judged, staff: ReadonlySet<string>): string[] {
  const agreeing = opinions.filter((opinion) => opinion.verdict === verdict);
  const isAdmins = agreeing.some(({ voice }) => voice === 'admin');
  const people = new Set(agreeing.map(({ by }) => by)).size;
  return [
    ...(opinions.some(({ by }) => by === buyer_id || by === seller_id) ? ['judged by one who traded it'] : []),
    ...(opinions.some(({ by }) => !staff.has(by)) ? ['judged by one who is no authenticator'] : []),
    ...(isAdmins || people >= (verdict === 'fail' ? 2 : 1) ? [] : [`found ${verdict} by ${people}`]),
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
