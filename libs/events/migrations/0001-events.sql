-- How many events each key of a topic has had. Locked in the order of topic and key by the transaction that announces.
create table event_counter (
  topic      text   not null collate "C",
  key        text   not null collate "C",
  last_kseq  bigint not null check (last_kseq > 0),
  primary key (topic, key)
) with (fillfactor = 80);

-- One row holds all events of one transaction: a line each, in order, [topic, key, kseq, type, payload, headers] as JSON.
-- Rows that name an owner are relayed by that owner, by watermark; the others are marked when they are published.
create table outbox (
  pos          bigint generated always as identity primary key,
  owner        text,
  events       text not null,
  event_count  int not null check (event_count > 0),
  created_at   timestamptz not null default now(),
  published_at timestamptz
);
-- Compressing the rows costs more than their space.
alter table outbox alter column events set storage external;
create index outbox_unpublished on outbox (pos) where published_at is null and owner is null;
create index outbox_of_owner on outbox (owner, pos) where owner is not null;

create table outbox_watermark (
  owner text primary key,
  pos   bigint not null
);

create table relay_lease (
  name       text primary key,
  holder     text not null,
  epoch      bigint not null,
  expires_at timestamptz not null
);

-- How far a consumer is in each key. `has_parked`: events of this key wait in `parked`, and later ones queue behind them.
create table inbox_cursor (
  consumer   text    not null collate "C",
  topic      text    not null collate "C",
  key        text    not null collate "C",
  last_kseq  bigint  not null check (last_kseq >= 0),
  has_parked boolean not null default false,
  primary key (consumer, topic, key)
) with (fillfactor = 80);
create index inbox_cursor_with_parked on inbox_cursor (consumer) where has_parked;

-- `poison`: tried in vain, a person decides. `waiting`: behind a poison event, or come before its predecessor.
create table parked (
  consumer  text   not null collate "C",
  topic     text   not null collate "C",
  key       text   not null collate "C",
  kseq      bigint not null,
  event     text   not null,
  status    text   not null check (status in ('poison', 'waiting')),
  error     text,
  attempts  int    not null default 0,
  first_at  timestamptz not null default now(),
  last_at   timestamptz not null default now(),
  primary key (consumer, topic, key, kseq)
);

-- For people and for checks: the events one by one.
create view outbox_events as
  select o.pos, o.owner, l.n, e ->> 0 as topic, e ->> 1 as key, (e ->> 2)::bigint as kseq, e ->> 3 as type, e -> 4 as payload, e -> 5 as headers, o.published_at
    from outbox o, regexp_split_to_table(o.events, '\n') with ordinality l(line, n), lateral (select l.line::json as e) x;
