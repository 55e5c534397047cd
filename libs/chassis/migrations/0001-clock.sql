-- How far the business clock is ahead of the machine's: one row, and it never shrinks.
create table exchange_clock (
  only_row boolean primary key default true check (only_row),
  offset_ms bigint not null check (offset_ms >= 0)
);
