-- What bidding knows of users: told by the services that own it. Rows of what was removed stay, so that a late answer cannot bring it back.
create table trader_states (
  user_id          uuid    primary key,
  suspended        boolean not null,
  buying_suspended boolean not null
);

create table payment_methods (
  id         uuid    primary key,
  user_id    uuid    not null,
  is_default boolean not null,
  removed    boolean not null default false,
  pos        bigint  generated always as identity
);
create index payment_methods_user on payment_methods (user_id);

create table addresses (
  version_id uuid    primary key,
  address_id uuid    not null,
  user_id    uuid    not null,
  is_default boolean not null,
  removed    boolean not null default false,
  pos        bigint  generated always as identity
);
create index addresses_user on addresses (user_id);

create table payout_accounts (
  user_id uuid    primary key,
  enabled boolean not null
);

-- Paid matches. A bust takes its row away again.
create table sales (
  match_id  uuid   primary key,
  market_id uuid   not null,
  price     bigint not null,
  sold_at   timestamptz not null
);
create index sales_market on sales (market_id, sold_at desc);

-- What a fact has yet to do to open quotes: written with the fact, deleted by the batch that does it, so it is done exactly once.
create table fact_effects (
  id         bigint generated always as identity primary key,
  shard      int    not null references shards,
  kind       text   not null check (kind in ('suspended', 'facts_changed', 'market_changed')),
  -- A user's id, or a market's.
  subject    uuid   not null,
  -- Of a suspension: all or buying. Of an address: the version that replaced it.
  detail     text,
  created_at timestamptz not null default now()
);
create index fact_effects_shard on fact_effects (shard, id);
