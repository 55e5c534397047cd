-- Each comparison of the provider's books with ours: by the schedule, or asked for by somebody.
create table reconciliations (
  id          uuid primary key,
  asked_by    text not null,
  asked_at    timestamptz not null,
  started_at  timestamptz,
  finished_at timestamptz,
  since       timestamptz,
  outcome     text check (outcome in ('agrees', 'differs', 'provider_unavailable', 'failed')),
  lines       int not null default 0,
  fees_booked int not null default 0,
  unmatched   int not null default 0,
  check ((outcome is null) = (finished_at is null))
);
create index reconciliations_asked on reconciliations (id) where finished_at is null;
