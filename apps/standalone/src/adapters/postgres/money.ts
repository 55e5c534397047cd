import { typeId, uuidOf } from '@libs/kernel/ids';
import { type Database, type Invariant, rows, type Stores, unseenProvider } from '../../verify/invariant';

/** What an order's ledger says, by kind of account. */
const PER_ORDER = `
  select t.order_id, t.kind, a.code, sum(e.amount)::bigint as minor
    from ledger.entry e join ledger.txn t on t.id = e.txn_id join ledger.account a on a.id = e.account_id
   where t.order_id is not null group by 1, 2, 3`;

const ALWAYS = ['account_ro', 'txn_ro', 'entry_ro', 'entry_same', 'entry_apply', 'entry_balanced', 'txn_balanced', 'balance_ro'];
const GUARDS = [...ALWAYS, 'account_tr', 'txn_tr', 'entry_tr', 'balance_tr'];

const PAYOUT_WAIT = `interval '72 hours'`;

export const money: readonly Invariant[] = [
  rows('L1', 'every ledger transaction has two lines or more and sums to zero', 'payment', `
    select t.id as txn, e.currency from ledger.txn t left join ledger.entry e on e.txn_id = t.id group by t.id, e.currency having count(e.*) < 2 or sum(e.amount) <> 0
    union all
    select e.txn_id, e.currency from ledger.entry e join ledger.account a on a.id = e.account_id where a.currency <> e.currency`),
  rows('L2', 'the ledger sums to zero, and each balance is the sum of its entries', 'payment', `
    select currency::text as account, sum(amount)::text as minor from ledger.entry group by currency having sum(amount) <> 0
    union all
    select a.code, coalesce(b.balance, 0)::text from ledger.account a left join ledger.balance b on b.account_id = a.id left join (select account_id, sum(amount) s from ledger.entry group by 1) e on e.account_id = a.id
     where coalesce(b.balance, 0) <> coalesce(e.s, 0)`),
  rows('L3', 'the ledger is append-only: its guards are in place, and each account has as many entries as it has had', 'payment', `
    select g.name as guard from unnest(array['${GUARDS.join("','")}']) g(name)
     where not exists (select from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = 'ledger'::regnamespace and t.tgname = g.name
                          and t.tgenabled = any (case when g.name in ('${ALWAYS.join("','")}') then '{A}' else '{A,O}' end::"char"[]))
    union all
    select a.code || ' ' || coalesce(a.owner_id::text, '') from ledger.account a join ledger.balance b on b.account_id = a.id left join (select account_id, count(*) n from ledger.entry group by 1) e on e.account_id = a.id
     where b.version <> coalesce(e.n, 0)`),
  { id: 'L4', says: 'what is held is what running paid orders have paid; ended orders hold nothing', offenders: heldMoney },
  rows('L5', 'an order is charged once, transferred once, as its bills say, and its money adds up', 'payment', `
    with o as (
      select order_id,
             coalesce(sum(-minor) filter (where code = 'held' and kind = 'captured'), 0) as captured,
             coalesce(sum(minor) filter (where code = 'held' and kind in ('refunded', 'refund_returned')), 0) as refunded,
             coalesce(sum(minor) filter (where code = 'lost_parcel_cost'), 0) as funded,
             coalesce(sum(-minor) filter (where code = 'seller_payable' and kind = 'released'), 0) as seller,
             coalesce(sum(minor) filter (where code = 'seller_payable' and kind = 'transferred'), 0) as transferred,
             coalesce(sum(-minor) filter (where code in ('fee_revenue', 'shipping_revenue')), 0) as fees,
             coalesce(sum(-minor) filter (where code = 'held'), 0) as still_held
        from (${PER_ORDER}) x group by order_id)
    select o.order_id as order, captured, refunded, seller, transferred, fees, still_held from o left join payments p using (order_id)
     where captured <> refunded + seller + fees + still_held or refunded > captured or funded not between 0 and captured
        or transferred not in (0, seller) or captured not in (0, p.total_minor) or seller not in (0, p.payout_minor) or p.order_id is null
    union all
    select order_id, count(*), 0, 0, 0, 0, 0 from payment_op where state = 'succeeded' and kind in ('intent', 'capture', 'transfer') group by order_id, kind having count(*) > 1`),
  { id: 'L6', says: 'each line of the provider\'s books is one ledger transaction, and the balances agree', offenders: providerBooks, unseen: unseenProvider },
  { id: 'L7', says: 'no money call was made without a row that says so first, and no second try while the first is open', offenders: unplannedCalls, unseen: (stores) => unseenProvider(stores) && 'the provider\'s log of calls, which a running sandbox shows; our own rows were checked' },
  { id: 'L8', says: 'every bill follows the schedule in force when its quote was accepted, to the cent', offenders: wrongBills },
  { id: 'L9', says: 'nobody is paid for a pair that did not pass, that was refunded from the hold, or soon after a change of bank', offenders: wrongPayouts },
];

async function ids(database: Database, sql: string): Promise<Set<string>> {
  return new Set((await database.query<{ id: string }>(sql)).map(({ id }) => id));
}

async function amounts(database: Database, sql: string): Promise<Map<string, number>> {
  return new Map((await database.query<{ id: string; minor: number }>(sql)).map(({ id, minor }) => [id, minor]));
}

async function heldMoney({ payment, order }: Stores): Promise<string[]> {
  const held = await amounts(payment, `select a.owner_id as id, -b.balance as minor from ledger.account a join ledger.balance b on b.account_id = a.id where a.code = 'held' and b.balance <> 0`);
  const bills = await amounts(payment, 'select order_id as id, total_minor as minor from payments');
  const ended = await ids(order, `select id from orders where status in ('delivered', 'cancelled', 'auth_failed')`);
  const paid = await ids(order, 'select id from orders where paid_at is not null');
  // Of these the one side may know more than the other: a step, an operation or a person has yet to bring them together.
  const underWay = new Set([
    ...(await ids(order, `select distinct order_id as id from saga_steps where state in ('ready', 'running', 'waiting')`)),
    ...(await ids(payment, `select distinct order_id as id from payment_op where state in ('planned', 'sent', 'unknown')`)),
    ...(await ids(payment, 'select order_id as id from manual_tasks where closed_at is null and order_id is not null')),
  ]);
  return [...new Set([...held.keys(), ...paid])].filter((id) => !underWay.has(id)).flatMap((id) => {
    const owed = paid.has(id) && !ended.has(id) ? bills.get(id) : 0;
    if ((held.get(id) ?? 0) === owed) return [];
    return [`${typeId('ord', id)}, ${ended.has(id) ? 'ended' : paid.has(id) ? 'paid' : 'unpaid'}, holds ${held.get(id) ?? 0} where ${owed ?? 'nothing'} is right`];
  });
}

interface Billed {
  readonly order_id: string;
  readonly total_minor: number;
  readonly payout_minor: number;
  readonly currency: string;
  readonly buyer_lines: { kind: string; minor: number }[];
  readonly seller_lines: { kind: string; minor: number }[];
}

interface Schedule {
  readonly currency: string;
  readonly effective_from: Date;
  readonly buyer_fee_bps: number;
  readonly shipping_minor: number;
  readonly seller_fee_bps: number;
  readonly seller_fee_min_minor: number;
  readonly processing_bps: number;
}

/** Half up, in whole numbers: reckoned here a second time, with nothing of the payment service's. */
const share = (minor: number, bps: number): number => Math.floor((minor * bps + 5_000) / 10_000);

async function wrongBills({ payment, order }: Stores): Promise<string[]> {
  const schedules = await payment.query<Schedule>('select * from fee_schedules order by effective_from desc');
  const accepted = new Map((await order.query<{ id: string; price: number; bid: Date; ask: Date }>('select id, price_minor as price, bid_accepted_at as bid, ask_accepted_at as ask from orders')).map((one) => [one.id, one]));
  const inForce = (currency: string, at: Date | undefined) => schedules.find((schedule) => at && schedule.currency === currency && schedule.effective_from <= at);
  const offences: string[] = [];
  await payment.each<Billed>('select order_id, total_minor, payout_minor, currency, buyer_lines, seller_lines from payments', (bill) => {
    const { order_id, currency } = bill;
    const price = accepted.get(order_id)?.price ?? 0;
    const [buyers, sellers] = [inForce(currency, accepted.get(order_id)?.bid), inForce(currency, accepted.get(order_id)?.ask)];
    if (!buyers || !sellers) return void offences.push(`${typeId('ord', order_id)} was billed by no schedule`);
    const sellerFee = Math.max(share(price, sellers.seller_fee_bps), sellers.seller_fee_min_minor);
    const right = {
      buyer: { price, buyer_fee: share(price, buyers.buyer_fee_bps), shipping: buyers.shipping_minor },
      seller: { price, seller_fee: -sellerFee, payment_processing: -share(price, sellers.processing_bps) },
    };
    for (const [side, lines, total] of [['buyer', bill.buyer_lines, bill.total_minor], ['seller', bill.seller_lines, bill.payout_minor]] as const) {
      const expected: Readonly<Record<string, number>> = right[side];
      const sum = Object.values(expected).reduce((all, minor) => all + minor, 0);
      const isRight = total === sum && lines.length === Object.keys(expected).length && lines.every(({ kind, minor }) => expected[kind] === minor);
      if (!isRight) offences.push(`${typeId('ord', order_id)}: the ${side}'s bill is ${total}, right is ${sum}`);
    }
  });
  return offences;
}

async function wrongPayouts({ payment, authentication }: Stores): Promise<string[]> {
  const sent = `p.state in ('transferring', 'transferred', 'in_transit', 'paid')`;
  const refunded = await ids(payment, `select p.order_id as id from payouts p join refunds r using (order_id) where not r.borne_by_platform and ${sent}`);
  const early = await ids(payment, `
    select p.order_id as id from payouts p join ledger.txn t on t.order_id = p.order_id and t.kind = 'transferred' join payout_accounts a on a.user_id = p.seller_id
     where t.effective_at >= a.changed_at and t.effective_at < a.changed_at + ${PAYOUT_WAIT}`);
  const passed = await ids(authentication, `select i.order_id as id from inspections i join verdicts v on v.inspection_id = i.id where v.verdict = 'pass'`);
  const paidFor = await ids(payment, `select p.order_id as id from payouts p where ${sent}`);
  const named = (why: string) => (id: string) => `${typeId('ord', id)} was paid out ${why}`;
  return [
    ...[...refunded].map(named('and refunded')),
    ...[...early].map(named('to an account that had just been changed')),
    ...[...paidFor].filter((id) => !passed.has(id)).map(named('without a pass')),
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
  const hasty = await payment.query<{ order_id: string; kind: string; attempt: number }>(
    `select order_id, kind, attempt from payment_op o where state in ('planned', 'sent', 'unknown') and exists (select from payment_op later where later.order_id = o.order_id and later.kind = o.kind and later.attempt > o.attempt)`,
  );
  const calls = provider ? await provider.moneyCallKeys() : [];
  const planned = await ids(payment, 'select op_id::text as id from payment_op');
  return [
    ...hasty.map(({ order_id, kind, attempt }) => `${typeId('ord', order_id)}: ${kind} ${attempt} is open, and there is a later one`),
    ...calls.filter((key) => !planned.has(uuidOf('op', key) ?? '')).map((key) => `a money call under ${key} has no operation`),
  ];
}
