create table products (
  id uuid primary key,
  brand text not null,
  model text not null,
  colorway text not null,
  style_id text not null unique,
  description text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  retail_price_minor bigint check (retail_price_minor > 0),
  release_date text not null check (release_date ~ '^(\d{4}-\d{2}-\d{2})?$'),
  url_key text not null unique,
  status text not null check (status in ('active', 'retired')),
  created_at timestamptz not null,
  version bigint not null check (version > 0)
);
-- The catalogue's pages: newest first is by id, since ids are made in the order of time.
create index products_by_brand on products (lower(brand), id desc) where status = 'active';

create table product_images (
  product_id uuid not null references products,
  position integer not null check (position >= 0),
  url text not null,
  primary key (product_id, position)
);

-- One row is one market: a product in one size and one condition. Its row lock is what reservations of its asks queue for.
create table sizes (
  id uuid primary key,
  product_id uuid not null references products,
  position integer not null check (position >= 0),
  size text not null check (length(size) between 1 and 10),
  condition text not null check (condition = 'new'),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  tick_minor bigint not null check (tick_minor > 0),
  min_price_minor bigint not null check (min_price_minor > 0 and min_price_minor % tick_minor = 0),
  max_price_minor bigint not null check (max_price_minor >= min_price_minor),
  status text not null check (status in ('active', 'retired')),
  unique (product_id, size, condition)
);

-- One row an order, for ever. Released rows are tombstones: an order that has let go never holds again.
create table reservations (
  order_id uuid primary key,
  market_id uuid not null references sizes,
  ask_id uuid not null,
  reserved_at timestamptz,
  released_at timestamptz,
  check (reserved_at is not null or released_at is not null)
);
create unique index one_live_reservation_an_ask on reservations (ask_id) where released_at is null;
