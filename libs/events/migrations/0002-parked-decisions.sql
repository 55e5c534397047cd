-- What people decided about parked events, and about which: the event itself is kept, since a discarded one is nowhere else for long.
create table parked_decisions (
  at        timestamptz not null default now(),
  decision  text   not null check (decision in ('retry', 'discard')),
  decided_by text  not null,
  reason    text   not null,
  consumer  text   not null,
  topic     text   not null,
  key       text   not null,
  kseq      bigint not null,
  event     text   not null,
  error     text,
  attempts  int    not null
);
