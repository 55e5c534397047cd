-- Counts every change of an order. Its version counts events alone, and much changes without one: how its payment stands, a label, a deadline.
alter table orders add column revision bigint not null default 1;
