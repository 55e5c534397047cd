-- The next offset of each partition. Its row lock, held to the commit, makes offsets gapless and their order that of the commits.
create table bus_partition (
  topic       text   not null collate "C",
  part        int    not null,
  next_offset bigint not null default 0,
  primary key (topic, part)
) with (fillfactor = 50);

-- A row holds consecutive records of one partition, a line each: `first_offset` is that of its first.
create table bus_log (
  topic        text   not null collate "C",
  part         int    not null,
  first_offset bigint not null,
  record_count int    not null check (record_count between 1 and 100),
  lines        text   not null,
  appended_at  timestamptz not null default now(),
  primary key (topic, part, first_offset)
);
alter table bus_log alter column lines set storage external;
create index bus_log_by_time on bus_log using brin (appended_at);

create table bus_position (
  consumer_group text   not null collate "C",
  topic          text   not null collate "C",
  part           int    not null,
  next_offset    bigint not null default 0,
  primary key (consumer_group, topic, part)
) with (fillfactor = 50);

-- Rows come sorted by topic and partition, so that two callers lock in the same order.
create function bus_append(topics text[], parts int[], counts int[], batches text[]) returns void language plpgsql as $$
declare
  first bigint;
begin
  for i in 1 .. cardinality(topics) loop
    insert into bus_partition as p (topic, part, next_offset) values (topics[i], parts[i], counts[i])
      on conflict (topic, part) do update set next_offset = p.next_offset + excluded.next_offset
      returning p.next_offset - counts[i] into first;
    insert into bus_log (topic, part, first_offset, record_count, lines) values (topics[i], parts[i], first, counts[i], batches[i]);
  end loop;
end $$;
