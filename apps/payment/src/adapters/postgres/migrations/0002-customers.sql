create table customers (
  user_id uuid primary key,
  psp_id text not null unique
);

-- A projection of the provider's cards, without their numbers.
create table payment_methods (
  id uuid primary key,
  user_id uuid not null references customers (user_id),
  psp_id text not null unique,
  brand text not null,
  last4 text not null,
  exp_month int not null,
  exp_year int not null,
  fingerprint text,
  is_default boolean not null,
  verified_at timestamptz not null default now(),
  removed_at timestamptz
);
create index payment_methods_of_user on payment_methods (user_id) where removed_at is null;
create unique index payment_methods_default on payment_methods (user_id) where is_default and removed_at is null;

create table setup_intents (
  psp_id text primary key,
  user_id uuid not null references customers (user_id),
  started_at timestamptz not null default now(),
  closed_at timestamptz
);
create index setup_intents_open on setup_intents (user_id, started_at) where closed_at is null;

create table payout_accounts (
  user_id uuid primary key,
  psp_id text not null unique,
  enabled boolean not null,
  bank_last4 text not null,
  bank_fingerprint text not null,
  -- Business time of the last change of bank; the first bank is not a change.
  changed_at timestamptz
);

create table fee_schedules (
  id text primary key,
  currency char(3) not null,
  effective_from timestamptz not null,
  buyer_fee_bps int not null check (buyer_fee_bps between 0 and 5000),
  shipping_minor bigint not null check (shipping_minor >= 0),
  seller_fee_bps int not null check (seller_fee_bps between 0 and 5000),
  seller_fee_min_minor bigint not null check (seller_fee_min_minor >= 0),
  processing_bps int not null check (processing_bps between 0 and 5000),
  unique (currency, effective_from)
);
insert into fee_schedules values ('usd-1', 'USD', '2020-01-01', 500, 1495, 900, 500, 300);
