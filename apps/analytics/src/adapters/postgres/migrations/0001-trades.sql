-- One row for each match, made of facts that come in any order: that it is a match (with its number in the book), that it was paid, that it was taken back.
-- Each fact is set once and never changed, so any order of them ends in the same row.
create table trades (
  match_id   uuid primary key,
  market_id  uuid not null,
  market_seq bigint,
  order_id   uuid,
  product_id uuid,
  size       text,
  buyer_id   uuid,
  seller_id  uuid,
  currency   text,
  price      bigint check (price > 0),
  sold_at    timestamptz,
  -- The product's, once it is known here.
  brand      text,
  busted     boolean not null default false,
  is_sale    boolean not null generated always as (market_seq is not null and sold_at is not null and not busted) stored
);
create index trades_of_market on trades (market_id, sold_at, market_seq) include (price) where is_sale;
create index trades_of_product on trades (product_id, sold_at) include (price, market_seq, match_id) where is_sale;
create index trades_of_brand on trades (brand, sold_at) include (price, market_seq, match_id) where is_sale;
create index trades_in_time on trades (sold_at, market_id) include (price) where is_sale;
create index trades_of_seller on trades (seller_id, sold_at) include (price) where is_sale;
create index trades_of_buyer on trades (buyer_id, sold_at) include (price) where is_sale;
create unique index trades_of_order on trades (order_id) where order_id is not null;

-- Where a rebuild gathers the same facts from their owners, while every new one is written to both.
create table trades_next (like trades including defaults including generated including constraints);
alter table trades_next add primary key (match_id);

create table products (
  id       uuid primary key,
  brand    text not null,
  model    text not null,
  currency text,
  retail   bigint,
  version  bigint not null
);

create table markets (
  id         uuid primary key,
  product_id uuid not null,
  size       text not null,
  currency   text not null
);
create index markets_of_product on markets (product_id);

-- What is or was in the books. `market_seq` is that of the last word on the ask: an older one changes nothing.
create table asks (
  ask_id     uuid primary key,
  market_id  uuid not null,
  price      bigint not null,
  currency   text not null,
  is_open    boolean not null,
  expires_at timestamptz,
  market_seq bigint not null
);
create index asks_open on asks (market_id, price) where is_open;
create table asks_next (like asks including defaults);
alter table asks_next add primary key (ask_id);

-- Markets whose asks have changed since their lowest ask was looked at. One row a change: a key would make those who write here wait for each other.
create table stirred_markets (
  n         bigint generated always as identity primary key,
  market_id uuid not null
);

-- Each change of a market's lowest ask; without a price the book was empty. Kept as long as a fall is measured over.
create table lowest_asks (
  market_id  uuid not null,
  changed_at timestamptz not null,
  n          bigint generated always as identity,
  price      bigint,
  currency   text,
  primary key (market_id, changed_at, n)
);

create table told_of_drops (
  user_id   uuid not null,
  market_id uuid not null,
  told_at   timestamptz not null,
  primary key (user_id, market_id)
);

-- Trades that a history kept elsewhere has yet to hear of. `n` changes when a trade changes again meanwhile.
create sequence unwritten_n;
create table unwritten (
  match_id uuid primary key,
  n        bigint not null default nextval('unwritten_n'),
  since    timestamptz not null default now()
);
create index unwritten_in_turn on unwritten (n);

-- Where the trades are written besides these tables: what was never written there has to be, all of it.
create table history_target (
  is_only boolean primary key default true check (is_only),
  target  text not null
);

-- Asks come by the thousand: one call for each. The lock keeps a rebuild from beginning or ending meanwhile; each statement sees what was committed before it.
create function note_ask(part int, of_ask uuid, of_market uuid, new_price bigint, new_currency text, now_open boolean, new_expiry timestamptz, seq bigint) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(7061, 1);
  -- Two topics speak of one ask at the same time, several asks in a transaction: whoever comes second waits here, and not in the middle.
  perform pg_advisory_xact_lock(7064, part);
  insert into asks as a (ask_id, market_id, price, currency, is_open, expires_at, market_seq) values (of_ask, of_market, new_price, new_currency, now_open, new_expiry, seq)
      on conflict (ask_id) do update set price = excluded.price, is_open = excluded.is_open, expires_at = excluded.expires_at, market_seq = excluded.market_seq
    where a.market_seq < excluded.market_seq;
  if exists (select from rebuilds where state = 'gathering') then
    insert into asks_next as a (ask_id, market_id, price, currency, is_open, expires_at, market_seq) values (of_ask, of_market, new_price, new_currency, now_open, new_expiry, seq)
        on conflict (ask_id) do update set price = excluded.price, is_open = excluded.is_open, expires_at = excluded.expires_at, market_seq = excluded.market_seq
      where a.market_seq < excluded.market_seq;
  end if;
  insert into stirred_markets (market_id) values (of_market);
end $$;

create table rebuilds (
  id           uuid primary key,
  requested_at timestamptz not null default now(),
  state        text not null check (state in ('requested', 'gathering', 'done', 'failed')),
  before_hash  text,
  after_hash   text,
  changed      bigint,
  note         text,
  ended_at     timestamptz
);
create unique index rebuilds_one_at_a_time on rebuilds ((true)) where state in ('requested', 'gathering');
