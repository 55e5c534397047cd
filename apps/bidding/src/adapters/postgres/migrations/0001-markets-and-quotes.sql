-- An owner writes only under the epoch that it took; a take-over adds one.
create table shards (
  id    int    primary key,
  epoch bigint not null default 0,
  -- Who took it last: the name on the outbox rows of that tenure.
  owner text
);
insert into shards (id) select generate_series(0, 15);

create table markets (
  id         uuid    primary key,
  product_id uuid    not null,
  size       text    not null,
  currency   text    not null,
  tick       bigint  not null check (tick > 0),
  min_price  bigint  not null check (min_price > 0),
  max_price  bigint  not null check (max_price between min_price and 9999999999),
  retired    boolean not null default false,
  shard      int     not null references shards,
  -- Every step of the book has exactly one event: those on `matches.created` are counted by match_seq, the others are seq - match_seq.
  seq        bigint  not null default 0,
  match_seq  bigint  not null default 0 check (match_seq between 0 and seq),
  state      text    not null default 'open' check (state in ('open', 'halted'))
) with (fillfactor = 50);
-- Half of each page is free because every batch rewrites these rows.

create table quotes (
  id                 uuid   primary key,
  -- Of a market of the same batch: a foreign key would cost a look-up and a lock for each row.
  market_id          uuid   not null,
  side               text   not null,
  user_id            uuid   not null,
  price              bigint not null,
  prio               bigint not null,
  status             text   not null,
  reason             text,
  expires_at         timestamptz not null,
  accepted_at        timestamptz not null,
  payment_method_id  uuid,
  address_version_id uuid   not null,
  immediate          boolean not null,
  placed_at          timestamptz not null,
  -- The placement's answer as it was given. The placed_ columns are null while the quote still is as it was placed.
  client_key         text   not null collate "C",
  body_hash          bytea  not null,
  answer_seq         bigint not null,
  answer_match_id    uuid,
  placed_price              bigint,
  placed_expires_at         timestamptz,
  placed_payment_method_id  uuid,
  placed_address_version_id uuid,
  constraint quotes_key unique (user_id, client_key),
  -- One check, since each costs a parse for every statement.
  constraint quotes_legal check (side in ('bid', 'ask') and price between 1 and 9999999999 and (side = 'ask' or payment_method_id is not null)
    and status in ('inactive', 'active', 'matched', 'cancelled', 'expired') and (status = 'cancelled') = (reason is not null))
) with (fillfactor = 80);
-- No index on status, price or expiry: matching and cancelling stay HOT updates. A quote never changes its market.
create index quotes_market on quotes (market_id);
create view bids as select * from quotes where side = 'bid';
create view asks as select * from quotes where side = 'ask';

create table matches (
  id         uuid   primary key,
  market_id  uuid   not null,
  seq        bigint not null,
  bid_id     uuid   not null,
  ask_id     uuid   not null,
  price      bigint not null,
  buyer_id   uuid   not null,
  seller_id  uuid   not null,
  state      text   not null,
  matched_at timestamptz not null,
  constraint matches_legal check (state in ('pending', 'completed', 'bust') and price > 0 and buyer_id <> seller_id)
);
create unique index matches_live_bid on matches (bid_id) where state <> 'bust';
create unique index matches_live_ask on matches (ask_id) where state <> 'bust';

-- Keyed commands other than placements.
create table command_answers (
  user_id     uuid  not null,
  key         text  not null collate "C",
  command     text  not null,
  body_hash   bytea not null,
  answer      text  not null,
  answered_at timestamptz not null default now(),
  primary key (user_id, key)
);
create index command_answers_age on command_answers (answered_at);
