import { uuidOf } from '@libs/kernel/ids';
import { type Invariant, rows, type Stores } from '../../verify/invariant';

/** What an order's ledger says, by kind of account. */
const PER_ORDER = `
  select t.order_id, t.kind, a.code, sum(e.amount)::bigint as minor
    from ledger.entry e join ledger.txn t on t.id = e.txn_id join ledger.account a on a.id = e.account_id
   where t.order_id is not null group by 1, 2, 3`;

const GUARDS = ['txn_ro', 'entry_ro', 'entry_same', 'entry_apply', 'entry_balanced', 'txn_balanced', 'balance_ro'];

export const money: readonly Invariant[] = [
  rows('L1', 'every ledger transaction has two lines or more and sums to zero', 'payment', `
    select t.id, e.currency from ledger.txn t left join ledger.entry e on e.txn_id = t.id group by t.id, e.currency having count(e.*) < 2 or sum(e.amount) <> 0
    union all
    select e.txn_id, e.currency from ledger.entry e join ledger.account a on a.id = e.account_id where a.currency <> e.currency`),
  rows('L2', 'the ledger sums to zero, and each balance is the sum of its entries', 'payment', `
    select currency::text as what, sum(amount)::text as minor from ledger.entry group by currency having sum(amount) <> 0
    union all
    select a.code, coalesce(b.balance, 0)::text from ledger.account a left join ledger.balance b on b.account_id = a.id left join (select account_id, sum(amount) s from ledger.entry group by 1) e on e.account_id = a.id
     where coalesce(b.balance, 0) <> coalesce(e.s, 0)`),
  rows('L3', 'the guards that keep the ledger append-only are in place', 'payment', `
    select g.name as missing from unnest(array['${GUARDS.join("','")}']) g(name)
     where not exists (select from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = 'ledger'::regnamespace and t.tgname = g.name and t.tgenabled = 'A')`),
  { id: 'L4', says: 'what is held is what running paid orders have paid; ended orders hold nothing', offenders: heldMoney },
  rows('L5', 'an order is charged once, transferred once, and its money adds up', 'payment', `
    with o as (
      select order_id,
             coalesce(sum(-minor) filter (where code = 'held' and kind = 'captured'), 0) as captured,
             coalesce(sum(minor) filter (where code = 'held' and kind in ('refunded', 'refund_returned')), 0) as refunded,
             coalesce(sum(minor) filter (where code = 'lost_parcel_cost'), 0) as funded,
             coalesce(sum(-minor) filter (where code = 'seller_payable' and kind = 'released'), 0) as seller,
             coalesce(sum(-minor) filter (where code in ('fee_revenue', 'shipping_revenue')), 0) as fees,
             coalesce(sum(-minor) filter (where code = 'held'), 0) as still_held
        from (${PER_ORDER}) x group by order_id)
    select order_id, captured, refunded, seller, fees, still_held from o where captured <> refunded + seller + fees + still_held or refunded > captured or funded < 0
    union all
    select order_id, count(*), 0, 0, 0, 0 from payment_op where state = 'succeeded' and kind in ('capture', 'transfer') group by order_id, kind having count(*) > 1`),
  { id: 'L6', says: 'each line of the provider\'s books is one ledger transaction, and the balances agree', offenders: providerBooks },
  { id: 'L7', says: 'no money call was made without a row that says so first', offenders: unplannedCalls },
  rows('L8', 'every bill is the sum of its lines', 'payment', `
    select order_id, total_minor, payout_minor from payments p
     where total_minor <> (select sum((l ->> 'minor')::bigint) from jsonb_array_elements(buyer_lines) l)
        or payout_minor <> (select sum((l ->> 'minor')::bigint) from jsonb_array_elements(seller_lines) l)`),
  rows('L9', 'nobody was paid out for an order whose money went back from the hold', 'payment', `
    select p.order_id from payouts p join refunds r using (order_id) where not r.borne_by_platform and p.state in ('transferring', 'transferred', 'in_transit', 'paid')`),
];

async function heldMoney({ payment, order }: Stores): Promise<string[]> {
  const held = await payment.query<{ id: string; minor: number }>(
    `select a.owner_id as id, -b.balance as minor from ledger.account a join ledger.balance b on b.account_id = a.id where a.code = 'held' and b.balance <> 0`,
  );
  const captured = new Map((await payment.query<{ id: string; minor: number }>(`select order_id as id, total_minor as minor from payments where state in ('captured', 'refunding')`)).map(({ id, minor }) => [id, minor]));
  const ended = new Set((await order.query<{ id: string }>(`select id from orders where status in ('delivered', 'cancelled', 'auth_failed')`)).map(({ id }) => id));
  const busy = new Set((await order.query<{ id: string }>(`select distinct order_id as id from saga_steps where state in ('ready', 'running', 'waiting')`)).map(({ id }) => id));
  const open = new Set((await payment.query<{ id: string }>(`select distinct order_id as id from payment_op where state in ('planned', 'sent', 'unknown')`)).map(({ id }) => id));
  const failing = new Set((await payment.query<{ id: string }>('select order_id as id from manual_tasks where closed_at is null and order_id is not null')).map(({ id }) => id));
  const isUnderWay = (id: string) => busy.has(id) || open.has(id) || failing.has(id);
  const heldOf = new Map(held.map(({ id, minor }) => [id, minor]));
  return [
    ...held.filter(({ id }) => ended.has(id) && !isUnderWay(id)).map(({ id, minor }) => `${id} has ended and holds ${minor}`),
    ...held.filter(({ id, minor }) => !ended.has(id) && captured.get(id) !== minor).map(({ id, minor }) => `${id} holds ${minor} of ${captured.get(id) ?? 'nothing'} charged`),
    ...[...captured].filter(([id]) => !ended.has(id) && !heldOf.has(id)).map(([id, minor]) => `${id} was charged ${minor} and holds nothing`),
  ];
}

async function providerBooks({ payment, provider }: Stores): Promise<string[]> {
  if (!provider) return [];
  const theirs = (await provider.balanceTransactions()).filter(({ account }) => account === undefined);
  const booked = await payment.query<{ ref: string; minor: number }>(
    `select t.external_ref as ref, sum(e.amount)::bigint as minor from ledger.txn t join ledger.entry e on e.txn_id = t.id join ledger.account a on a.id = e.account_id
      where a.code = 'stripe_balance' group by t.external_ref`,
  );
  const ours = new Map(booked.map(({ ref, minor }) => [ref, minor]));
  const known = new Set(theirs.map(({ id }) => id));
  return [
    ...theirs.filter(({ id, netMinor }) => ours.get(id) !== netMinor).map(({ id, netMinor }) => `${id} is ${netMinor} there and ${ours.get(id) ?? 'nothing'} here`),
    ...[...ours.keys()].filter((ref) => !known.has(ref)).map((ref) => `${ref} is here only`),
  ];
}

async function unplannedCalls({ payment, provider }: Stores): Promise<string[]> {
  if (!provider) return [];
  const planned = new Set((await payment.query<{ id: string }>('select op_id::text as id from payment_op')).map(({ id }) => id));
  return (await provider.moneyCallKeys()).filter((key) => !planned.has(uuidOf('op', key) ?? '')).map((key) => `a money call under ${key} has no operation`);
}
