-- What users follow and own. This is theirs and the truth, not a projection: no rebuild touches it.
create table watchlists (
  id         uuid primary key,
  user_id    uuid not null,
  name       text not null,
  created_at timestamptz not null
);
create index watchlists_of_user on watchlists (user_id, id);

create table watchlist_items (
  watchlist_id uuid not null references watchlists on delete cascade,
  market_id    uuid not null,
  added_at     timestamptz not null,
  primary key (watchlist_id, market_id)
);
create index watchlist_items_of_market on watchlist_items (market_id);

create table price_alerts (
  id         uuid primary key,
  user_id    uuid not null,
  market_id  uuid not null,
  currency   text not null,
  threshold  bigint not null check (threshold > 0),
  created_at timestamptz not null
);
create index price_alerts_of_user on price_alerts (user_id, id);
create index price_alerts_of_market on price_alerts (market_id, threshold);

create table portfolio_items (
  id            uuid primary key,
  user_id       uuid not null,
  market_id     uuid not null,
  currency      text not null,
  cost          bigint not null check (cost >= 0),
  acquired_at   timestamptz not null,
  source        text not null check (source in ('order', 'manual', 'import')),
  order_id      uuid,
  note          text not null default '',
  sold_at       timestamptz,
  proceeds      bigint check (proceeds > 0),
  sold_order_id uuid,
  check ((sold_at is null) = (proceeds is null)),
  check ((source = 'order') = (order_id is not null))
);
create unique index portfolio_items_of_order on portfolio_items (order_id);
create unique index portfolio_items_sold_by on portfolio_items (sold_order_id);
create index portfolio_items_of_user on portfolio_items (user_id, id desc);

create table portfolio_imports (
  user_id   uuid not null,
  key       text not null collate "C",
  body_hash text not null,
  answer    jsonb not null,
  at        timestamptz not null default now(),
  primary key (user_id, key)
);
