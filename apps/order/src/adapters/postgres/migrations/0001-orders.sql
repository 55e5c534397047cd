create table orders (
  id uuid primary key,
  match_id uuid not null unique,
  market_id uuid not null,
  product_id uuid not null,
  size text not null,
  bid_id uuid not null,
  ask_id uuid not null,
  buyer_id uuid not null,
  seller_id uuid not null,
  currency text not null,
  price_minor bigint not null check (price_minor > 0),
  matched_at timestamptz not null,
  bid_accepted_at timestamptz not null,
  ask_accepted_at timestamptz not null,
  -- Handed on as they came with the match; only their owners know what they mean.
  payment_method_id text not null,
  buyer_address_version_id text not null,
  seller_address_version_id text not null,
  status text not null,
  cancel_reason text,
  payment_status text not null default 'none',
  payout_status text not null default 'none',
  paid_at timestamptz,
  ship_by timestamptz,
  do_not_relist boolean not null default false,
  buyer_lines jsonb not null default '[]',
  seller_lines jsonb not null default '[]',
  inbound_tracking text,
  outbound_tracking text,
  return_tracking text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null,
  check (buyer_id <> seller_id),
  check ((status = 'cancelled') = (cancel_reason is not null))
);
create index orders_by_buyer on orders (buyer_id, id desc);
create index orders_by_seller on orders (seller_id, id desc);
create index orders_by_status on orders (status);

-- The edges of the lifecycle table, compared with it by a test.
create table order_edges (
  from_status text not null,
  to_status text not null,
  primary key (from_status, to_status)
);
insert into order_edges (from_status, to_status) values
  ('pending', 'pending'),
  ('pending', 'cancelled'),
  ('pending', 'confirmed'),
  ('confirmed', 'seller_shipping'),
  ('confirmed', 'cancelled'),
  ('seller_shipping', 'authenticating'),
  ('seller_shipping', 'cancelled'),
  ('authenticating', 'auth_passed'),
  ('authenticating', 'auth_failed'),
  ('auth_passed', 'shipping_to_buyer'),
  ('shipping_to_buyer', 'delivered'),
  ('shipping_to_buyer', 'cancelled'),
  ('cancelled', 'cancelled');

create function orders_keep_to_the_edges() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.status <> 'pending' then
      raise exception 'an order begins pending, not %', new.status using errcode = 'check_violation';
    end if;
  elsif new.status is distinct from old.status
    and not exists (select 1 from order_edges where from_status = old.status and to_status = new.status) then
    raise exception 'an order does not go from % to %', old.status, new.status using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger orders_edges before insert or update on orders for each row execute function orders_keep_to_the_edges();

create table order_events (
  order_id uuid not null references orders (id),
  version integer not null check (version > 0),
  event text not null,
  from_status text not null,
  to_status text not null,
  actor text not null,
  actor_id uuid,
  reason text not null,
  at timestamptz not null,
  trace_id text not null,
  idempotency_key text,
  previous_hash text not null,
  hash text not null,
  primary key (order_id, version),
  -- Nothing happens to an order twice: this is what makes every effect happen once.
  unique (order_id, event)
);
create unique index order_events_by_key on order_events (actor_id, idempotency_key) where idempotency_key is not null;

create function order_events_are_kept() returns trigger language plpgsql as $$
begin
  raise exception 'order_events is append-only' using errcode = 'restrict_violation';
end $$;
create trigger order_events_append_only before update or delete on order_events for each row execute function order_events_are_kept();

create table saga_steps (
  id bigint generated always as identity primary key,
  order_id uuid not null references orders (id),
  kind text not null,
  -- ready: to be run at next_at. running: until lease_until. waiting: asked, and looked at again at next_at. void: overtaken by events.
  state text not null check (state in ('ready', 'running', 'waiting', 'done', 'void')),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  lease_until timestamptz,
  failing_since timestamptz,
  last_error text,
  created_at timestamptz not null default now(),
  unique (order_id, kind)
);
create index saga_steps_open on saga_steps (next_at, id) where state in ('ready', 'running', 'waiting');

create table timers (
  order_id uuid not null references orders (id),
  kind text not null,
  due_at timestamptz not null,
  fired_at timestamptz,
  outcome text,
  primary key (order_id, kind)
);
create index timers_due on timers (due_at, order_id) where fired_at is null;

create table shipments (
  tracking text primary key,
  order_id uuid not null references orders (id),
  leg text not null check (leg in ('inbound', 'outbound', 'return')),
  carrier text not null,
  label_url text not null,
  state text not null default 'created',
  created_at timestamptz not null,
  shipped_at timestamptz,
  delivered_at timestamptz,
  checked_at timestamptz not null default now()
);
create index shipments_by_order on shipments (order_id);
create index shipments_to_check on shipments (checked_at) where state not in ('delivered', 'lost');

create table carrier_events (
  event_id text primary key,
  tracking text not null,
  kind text not null,
  at timestamptz not null,
  raw_sha256 text not null,
  received_at timestamptz not null default now(),
  applied_at timestamptz
);
create index carrier_events_unapplied on carrier_events (tracking) where applied_at is null;

create table carrier_endpoints (
  url text primary key,
  endpoint_id text not null,
  sealed_secret text not null,
  created_at timestamptz not null default now()
);

create table manual_tasks (
  id uuid primary key,
  kind text not null check (kind in ('stuck_saga', 'parcel_lost', 'disagreement')),
  order_id uuid not null references orders (id),
  -- Which step is stuck, or which parcel is lost.
  subject text not null,
  detail text not null,
  advice text not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by uuid,
  close_reason text
);
create unique index manual_tasks_open on manual_tasks (order_id, kind, subject) where closed_at is null;

-- The rules of a day are those of the latest row before it.
create table deadline_rules (
  effective_from timestamptz primary key,
  ship_by_business_days integer not null,
  ship_by_grace_hours integer not null,
  inbound_lost_days integer not null,
  auto_delivered_days integer not null
);
insert into deadline_rules values ('2020-01-01T00:00:00Z', 2, 12, 14, 14);

create table holidays (
  day date primary key,
  name text not null
);
insert into holidays (day, name)
  select make_date(year, 12, 25), 'Christmas Day' from generate_series(2026, 2035) year
  union all select make_date(year, 1, 1), 'New Year''s Day' from generate_series(2027, 2036) year;
