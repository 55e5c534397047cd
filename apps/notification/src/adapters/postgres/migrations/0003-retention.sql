-- What messages need to know of a trade is of no use when it is long over.
alter table matches add column heard_at timestamptz not null default now();
alter table orders add column heard_at timestamptz not null default now();
create index matches_by_age on matches (heard_at);
create index orders_by_age on orders (heard_at);
create index inbox_by_age on inbox (created_at);
