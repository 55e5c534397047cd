-- What users' keyed commands were answered. A key's scope is the user; it is kept for at least 24 hours.
create table command_answers (
  user_id uuid not null,
  key text not null,
  body_hash bytea not null,
  -- None: the command has no answer yet, or was refused. The same body may be sent again.
  answer jsonb,
  taken_at timestamptz not null default now(),
  primary key (user_id, key)
);
create index command_answers_by_age on command_answers (taken_at);

-- The keys of recoveries stand there too.
alter table payment_op drop column request_key;
