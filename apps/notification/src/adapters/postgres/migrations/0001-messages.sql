-- What the exchange has announced, as far as messages tell of it.
create table markets (
  id uuid primary key,
  item text not null,
  size text not null,
  url_key text not null
);
create table matches (
  id uuid primary key,
  market_id uuid not null,
  price_minor bigint not null,
  currency text not null
);
create table orders (
  id uuid primary key,
  match_id uuid not null,
  buyer_id uuid not null,
  seller_id uuid not null
);
-- Bids and asks, for who is outbid and whose quote ends soon. Rows that have ended stay a while, so that late news of them is known to be late.
create table quotes (
  id uuid primary key,
  market_id uuid not null,
  side text not null check (side in ('bid', 'ask')),
  user_id uuid not null,
  price_minor bigint not null,
  currency text not null,
  priority bigint not null,
  is_active boolean not null,
  expires_at timestamptz not null,
  warn_at timestamptz,
  -- The market's sequence that this is as of.
  market_seq bigint not null,
  changed_at timestamptz not null
);
create index quotes_in_market on quotes (market_id, side, price_minor) where is_active;
create index quotes_to_warn on quotes (warn_at) where is_active and warn_at is not null;

create table preferences (
  user_id uuid primary key,
  choices jsonb not null default '{}',
  time_zone text not null default 'UTC',
  quiet_from text,
  quiet_until text,
  check ((quiet_from is null) = (quiet_until is null))
);

create table messages (
  id uuid primary key,
  -- The event or the command that it comes from: told twice, it is planned once.
  source text not null,
  kind text not null,
  channel text not null check (channel in ('email', 'sms', 'inbox')),
  user_id uuid not null,
  state text not null check (state in ('planned', 'sending', 'unknown', 'sent', 'failed', 'dropped', 'parked')),
  is_critical boolean not null,
  facts jsonb not null,
  order_id uuid,
  match_id uuid,
  market_id uuid,
  -- It names a pair, and waits until the exchange has told which.
  needs_item boolean not null,
  -- Address and secret of an account message, sealed for this very row and erased at its end.
  sealed bytea,
  -- Business time.
  planned_at timestamptz not null,
  hold_until timestamptz,
  -- Technical time.
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  next_at timestamptz not null default now(),
  leased_until timestamptz,
  attempts int not null default 0,
  resends int not null default 0,
  sending_at timestamptz,
  looks int not null default 0,
  unknown_since timestamptz,
  ended_at timestamptz,
  provider_id text,
  reason text,
  unique (source, kind, user_id, channel),
  check ((state in ('sent', 'failed', 'dropped')) = (ended_at is not null)),
  check (state not in ('failed', 'dropped', 'parked') or reason is not null),
  check (state <> 'unknown' or unknown_since is not null),
  check (ended_at is null or sealed is null)
);
create index messages_open on messages (next_at) where state in ('planned', 'sending', 'unknown');
create index messages_parked on messages (id) where state = 'parked';
create index messages_ended on messages (ended_at) where ended_at is not null;
create index messages_by_provider_id on messages (provider_id) where provider_id is not null;

create table inbox (
  id uuid primary key,
  user_id uuid not null,
  event text not null,
  title text not null,
  body text not null,
  link text not null,
  status text not null default 'unseen' check (status in ('unseen', 'seen', 'read', 'archived')),
  created_at timestamptz not null
);
create index inbox_of_user on inbox (user_id, id desc);
