create table users (
  id uuid primary key,
  -- Normalised: one spelling is one account.
  email text not null,
  password_hash text not null,
  first_name text not null,
  last_name text not null,
  -- Sealed for this row and this version of the phone number; null when there is none.
  phone_sealed text,
  phone_version integer not null default 0,
  roles text[] not null check (roles <@ array['buyer', 'seller', 'authenticator', 'admin']),
  email_verified boolean not null,
  suspended boolean not null,
  buying_suspended boolean not null,
  reinstated_at timestamptz,
  created_at timestamptz not null,
  version bigint not null check (version > 0),
  constraint one_account_an_email unique (email)
);

-- One row is one login. It is live while it is neither revoked nor past its end.
create table sessions (
  id uuid primary key,
  user_id uuid not null references users,
  ip text not null,
  user_agent text not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  ends_at timestamptz not null check (expires_at <= ends_at),
  revoked_at timestamptz,
  revoked_why text,
  -- Until then an access token of the revoked session could still look valid.
  forget_at timestamptz,
  check ((revoked_at is null) = (forget_at is null) and (revoked_at is null) = (revoked_why is null))
);
create index sessions_by_user on sessions (user_id) where revoked_at is null;
create index sessions_by_revocation on sessions (revoked_at) where revoked_at is not null;
create index sessions_by_end on sessions (ends_at);

-- The chain of refresh tokens of a session, as hashes. The one that is not used is its head.
create table refresh_tokens (
  token_hash bytea primary key check (length(token_hash) = 32),
  session_id uuid not null references sessions on delete cascade,
  issued_at timestamptz not null,
  used_at timestamptz,
  used_by bytea,
  -- With the token itself and the service's key it gives the successor again.
  successor_nonce bytea,
  repeated boolean not null default false
);
create unique index one_head_a_session on refresh_tokens (session_id) where used_at is null;
create index refresh_tokens_by_session on refresh_tokens (session_id);

create table addresses (
  id uuid primary key,
  user_id uuid not null references users,
  current_version uuid not null,
  is_default boolean not null,
  created_at timestamptz not null,
  removed_at timestamptz,
  check (removed_at is null or not is_default)
);
create index addresses_by_user on addresses (user_id) where removed_at is null;
create unique index one_default_address on addresses (user_id) where is_default;

-- Never changed and never deleted: quotes and orders point here. The parts of the address are sealed for this very row.
create table address_versions (
  id uuid primary key,
  address_id uuid not null references addresses,
  user_id uuid not null references users,
  sealed text not null,
  created_at timestamptz not null
);

create table strikes (
  order_id uuid not null,
  kind text not null check (kind in ('unpaid_win', 'did_not_ship', 'seller_cancelled')),
  user_id uuid not null references users,
  recorded_at timestamptz not null,
  primary key (order_id, kind)
);
create index strikes_by_user on strikes (user_id, kind, recorded_at);

-- Append-only, and the database sees to it.
create table admin_actions (
  id bigint generated always as identity primary key,
  actor_id uuid,
  user_id uuid not null references users,
  action text not null check (action in ('roles_set', 'suspended', 'reinstated', 'first_admin_granted')),
  reason text not null,
  before text not null,
  after text not null,
  done_at timestamptz not null
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;
create trigger admin_actions_append_only before update or delete on admin_actions for each row execute function refuse_change();
create trigger address_versions_append_only before update or delete on address_versions for each row execute function refuse_change();
