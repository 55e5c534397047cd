-- The one charge of an order. Times of the business are given, never now().
create table payments (
  id uuid primary key,
  order_id uuid not null unique,
  buyer_id uuid not null,
  seller_id uuid not null,
  currency char(3) not null,
  price_minor bigint not null check (price_minor > 0),
  total_minor bigint not null check (total_minor >= price_minor),
  payout_minor bigint not null check (payout_minor > 0 and payout_minor <= price_minor),
  -- The bills line by line, as they were on the day: [{"kind", "minor"}].
  buyer_lines jsonb not null,
  seller_lines jsonb not null,
  buyer_schedule_id text not null,
  seller_schedule_id text not null,
  payment_method_id uuid not null,
  state text not null check (state in ('processing', 'retrying', 'action_required', 'giving_up', 'cancelling', 'captured', 'failed', 'cancelled', 'refunding', 'refunded')),
  tries int not null default 0 check (tries between 0 and 3),
  has_retried_itself boolean not null default false,
  failure_code text,
  intent_id text unique,
  charge_id text,
  recover_until timestamptz not null,
  -- Technical time: when the poller last asked the provider about it.
  watched_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index payments_unwatched on payments (watched_at) where state in ('processing', 'retrying', 'action_required');

-- Orders that were cancelled before their charge began: a late charge is refused.
create table buried_orders (order_id uuid primary key, buried_at timestamptz not null default now());

create table payment_timers (
  order_id uuid not null references payments (order_id),
  kind text not null check (kind in ('retry', 'give_up', 'payout')),
  due_at timestamptz not null,
  fired_at timestamptz,
  primary key (order_id, kind)
);
create index payment_timers_due on payment_timers (due_at) where fired_at is null;

-- Written before every call that may move money. op_id is the provider's idempotency key.
create table payment_op (
  op_id uuid primary key,
  order_id uuid not null,
  kind text not null check (kind in ('intent', 'capture', 'cancel', 'refund', 'transfer', 'payout')),
  attempt int not null check (attempt >= 1),
  amount bigint not null check (amount > 0),
  currency char(3) not null,
  state text not null check (state in ('planned', 'sent', 'succeeded', 'failed', 'unknown')),
  payment_method_id uuid,
  request_key text,
  request_hash bytea not null,
  psp_id text,
  failure_code text,
  takes int not null default 0,
  planned_at timestamptz not null default now(),
  next_at timestamptz not null default now(),
  sent_at timestamptz,
  resolved_at timestamptz,
  leased_until timestamptz,
  unique (order_id, kind, attempt),
  check ((resolved_at is not null) = (state in ('succeeded', 'failed')))
);
create unique index payment_op_psp_id on payment_op (kind, psp_id);
create unique index payment_op_request on payment_op (order_id, request_key);
-- At most one charge and one transfer of an order ever succeed, whatever the code believes.
create unique index payment_op_once on payment_op (order_id, kind) where state = 'succeeded' and kind in ('intent', 'capture', 'transfer');
-- At most one operation of a kind is under way, so that no second key is used while an outcome is open.
create unique index payment_op_open on payment_op (order_id, kind) where state in ('planned', 'sent', 'unknown');
create index payment_op_due on payment_op (next_at) where state in ('planned', 'sent', 'unknown');

create table refunds (
  id uuid primary key,
  order_id uuid not null unique references payments (order_id),
  reason text not null,
  borne_by_platform boolean not null,
  asked_at timestamptz not null default now()
);

create table payouts (
  id uuid primary key,
  order_id uuid not null unique references payments (order_id),
  seller_id uuid not null,
  amount_minor bigint not null check (amount_minor > 0),
  currency char(3) not null,
  state text not null check (state in ('held', 'transferring', 'transferred', 'in_transit', 'paid', 'failed')),
  transfer_id text unique,
  psp_id text unique,
  failure_code text,
  created_at timestamptz not null,
  arrives_at timestamptz,
  watched_at timestamptz not null default now()
);
create index payouts_of_seller on payouts (seller_id, id desc);
create index payouts_waiting on payouts (seller_id) where state in ('held', 'transferring', 'transferred');

-- Messages of the provider, as they came. What they mean is read from the provider.
create table psp_event (
  event_id text primary key,
  endpoint text not null,
  type text not null,
  object_id text not null,
  account_id text,
  customer_id text,
  created timestamptz not null,
  raw_sha256 bytea not null,
  received_at timestamptz not null default now(),
  applied_at timestamptz,
  attempts int not null default 0,
  next_at timestamptz not null default now()
);
create index psp_event_due on psp_event (next_at) where applied_at is null;

create table webhook_endpoints (
  name text primary key,
  psp_id text not null,
  url text not null,
  -- AES-256-GCM: nonce, tag, text.
  secret bytea not null,
  made_at timestamptz not null default now()
);

create table manual_tasks (
  id uuid primary key,
  kind text not null check (kind in ('unknown_operation', 'failed_refund', 'failed_transfer', 'failed_payout', 'unmatched_line')),
  subject text not null,
  order_id uuid,
  detail text not null,
  advice text not null,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  closed_by text,
  reason text
);
create unique index manual_tasks_open on manual_tasks (kind, subject) where closed_at is null;

create table reconcile_cursor (is_only boolean primary key default true check (is_only), at timestamptz not null);
