create extension if not exists pg_trgm schema public;

-- What the owners have told us. Every table takes its rows twice, late and in any order: see the ports.
create sequence document_versions;

create table products (
  id uuid primary key,
  -- As of this version of the owner's; 0 while only the end of it is known.
  version bigint not null,
  is_retired boolean not null default false,
  brand text not null default '',
  model text not null default '',
  colorway text not null default '',
  style_id text not null default '',
  category text not null default '',
  description text not null default '',
  currency text not null default '',
  retail_price_minor bigint,
  release_date text not null default '',
  image_url text not null default '',
  url_key text not null default '',
  created_at timestamptz,
  -- Of the document that was last put together.
  document_version bigint not null default 0
);

create table markets (
  id uuid primary key,
  product_id uuid not null,
  position integer not null,
  size text not null,
  is_active boolean not null
);
create index markets_of_product on markets (product_id);

-- As of `seq`, the market's step that last changed it. Closed ones stay for a while, so that what comes late cannot open them again.
create table asks (
  id uuid primary key,
  market_id uuid not null,
  price_minor bigint not null,
  is_open boolean not null,
  seq bigint not null,
  changed_at timestamptz not null default now()
);
create index asks_open on asks (market_id, price_minor) where is_open;
create index asks_closed on asks (changed_at) where not is_open;

-- The step as of which a market was read whole: what is told of earlier steps is no news.
create table market_floors (
  market_id uuid primary key,
  seq bigint not null
);

-- A sale counts once it is paid (`sold_at`) and unless it is bust, whichever is heard first.
create table sales (
  match_id uuid primary key,
  market_id uuid not null,
  price_minor bigint,
  sold_at timestamptz,
  is_busted boolean not null default false
);
create index sales_of_market on sales (market_id, sold_at desc, match_id desc) where sold_at is not null and not is_busted;
create index sales_by_time on sales (sold_at) where sold_at is not null and not is_busted;

create table kept_forms (
  form text primary key check (form in ('postgres', 'elasticsearch'))
);

-- Products, or markets whose product may not be known yet, that a form has yet to be given.
create sequence stale_marks;
create table stale (
  form text not null,
  target uuid not null,
  mark bigint not null default nextval('stale_marks'),
  is_catalogue boolean not null,
  marked_at timestamptz not null default now(),
  tries integer not null default 0,
  not_before timestamptz,
  reason text,
  primary key (form, target)
);
create index stale_order on stale (form, mark);

create table rebuilds (
  id bigint generated always as identity primary key,
  scope text not null check (scope in ('all', 'postgres', 'elasticsearch')),
  phase text not null default 'requested' check (phase in ('requested', 'facts', 'index', 'done')),
  requested_at timestamptz not null,
  lease_holder text,
  lease_until timestamptz
);
create unique index one_rebuild_of_a_scope on rebuilds (scope) where phase <> 'done';

create table saved_searches (
  id uuid primary key,
  user_id uuid not null,
  name text not null,
  query jsonb not null,
  created_at timestamptz not null
);
create index saved_searches_of_user on saved_searches (user_id, id);

create table revisions (
  form text primary key,
  catalogue bigint not null default 0,
  prices bigint not null default 0
);
insert into revisions (form) values ('postgres'), ('elasticsearch');
