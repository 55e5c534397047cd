-- Links that were mailed, as hashes of their tokens. Each is good once, until it expires.
create table mailed_tokens (
  token_hash bytea primary key check (length(token_hash) = 32),
  purpose text not null check (purpose in ('verify_email', 'reset_password', 'confirm_old_email', 'confirm_new_email')),
  user_id uuid not null references users,
  -- The address that following the link proves.
  email text not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > issued_at),
  used_at timestamptz
);
create index mailed_tokens_by_user on mailed_tokens (user_id, purpose);
create index mailed_tokens_by_end on mailed_tokens (expires_at);

-- A wish to be reached elsewhere, until both addresses have agreed or its time is up. One for each user: a new wish replaces the old one.
create table email_changes (
  user_id uuid primary key references users,
  old_email text not null,
  new_email text not null,
  expires_at timestamptz not null,
  old_confirmed_at timestamptz,
  new_confirmed_at timestamptz
);

-- What notification is to send: handed over with the same key until it has taken it.
create table account_messages (
  id uuid primary key,
  kind text not null check (kind in ('verify_email', 'reset_password', 'confirm_old_email', 'confirm_new_email', 'email_changed', 'password_changed', 'new_sign_in', 'sessions_ended')),
  -- asked: somebody has forgotten a password; whether there is such an account is looked up later, so that the answer cannot tell.
  state text not null check (state in ('asked', 'planned', 'handed_over', 'dropped')),
  user_id uuid references users,
  -- The address and the token, sealed for this very row, and erased when they are not needed any more.
  sealed text,
  planned_at timestamptz not null,
  expires_at timestamptz,
  attempts integer not null default 0,
  next_try_at timestamptz not null,
  ended_at timestamptz,
  -- Why it was dropped.
  reason text,
  check ((state in ('asked', 'planned')) = (sealed is not null)),
  check ((state in ('asked', 'planned')) = (ended_at is null)),
  check ((state = 'dropped') = (reason is not null)),
  check (state <> 'planned' or user_id is not null)
);
create index account_messages_due on account_messages (next_try_at) where state in ('asked', 'planned');
create index account_messages_by_user on account_messages (user_id, kind, planned_at);
create index account_messages_by_end on account_messages (ended_at) where ended_at is not null;

create index sessions_by_client on sessions (user_id, ip, user_agent);
