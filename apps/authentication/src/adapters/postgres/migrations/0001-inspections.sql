create table inspections (
  id uuid primary key,
  order_id uuid not null unique,
  product_id uuid not null,
  size text not null,
  buyer_id uuid not null,
  seller_id uuid not null,
  state text not null check (state in ('awaiting_parcel', 'queued', 'awaiting_review', 'disagreement', 'completed', 'cancelled')),
  created_at timestamptz not null,
  received_at timestamptz,
  due_at timestamptz,
  claimed_by uuid,
  claimed_until timestamptz,
  version integer not null default 1
);
create index inspections_queue on inspections (received_at, id) where state in ('queued', 'awaiting_review');

create table checks (
  inspection_id uuid not null references inspections (id),
  kind text not null check (kind in ('box', 'authenticity_markers', 'size', 'condition')),
  result text not null check (result in ('pass', 'fail')),
  note text not null,
  checked_by uuid not null,
  checked_at timestamptz not null,
  primary key (inspection_id, kind)
);

create table opinions (
  inspection_id uuid not null references inspections (id),
  voice text not null check (voice in ('first', 'second', 'admin')),
  given_by uuid not null,
  verdict text not null check (verdict in ('pass', 'fail')),
  reasons text[] not null,
  note text not null,
  given_at timestamptz not null,
  primary key (inspection_id, voice),
  -- Two opinions are two people's.
  unique (inspection_id, given_by)
);

create table verdicts (
  inspection_id uuid primary key references inspections (id),
  verdict text not null check (verdict in ('pass', 'fail')),
  reasons text[] not null,
  decided_at timestamptz not null
);

create function what_was_said_stays() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger opinions_append_only before update or delete on opinions for each row execute function what_was_said_stays();
create trigger verdicts_append_only before update or delete on verdicts for each row execute function what_was_said_stays();

create table parcels (
  tracking text primary key,
  order_id uuid not null
);

create table stray_parcels (
  id uuid primary key,
  tracking text not null,
  -- As it was given, since it may be no order of ours.
  order_id text not null,
  note text not null,
  received_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by uuid,
  resolution text not null default ''
);
create unique index stray_parcels_open on stray_parcels (tracking, order_id) where resolved_at is null;
