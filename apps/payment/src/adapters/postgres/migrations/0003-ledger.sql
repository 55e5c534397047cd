-- Double entry, append-only, checked by the database itself: a debit is above zero, a credit below.
create schema ledger;

create table ledger.account (
  id bigint generated always as identity primary key,
  code text not null,
  owner_id uuid,
  currency char(3) not null check (currency = upper(currency)),
  normal text not null check (normal in ('D', 'C')),
  may_go_negative boolean not null default false,
  unique nulls not distinct (code, owner_id, currency)
);

create table ledger.txn (
  id uuid primary key,
  kind text not null,
  order_id uuid,
  idem_key text not null unique,
  payload_hash bytea not null,
  external_ref text unique,
  reverses uuid unique references ledger.txn (id),
  effective_at timestamptz not null,
  posted_at timestamptz not null default clock_timestamp(),
  -- The top-level transaction, which is also right under savepoints.
  xact xid8 not null default pg_current_xact_id()
);
create index txn_order on ledger.txn (order_id);

create table ledger.entry (
  txn_id uuid not null references ledger.txn (id),
  line smallint not null,
  account_id bigint not null references ledger.account (id),
  currency char(3) not null,
  amount bigint not null check (amount <> 0),
  primary key (txn_id, line)
);
create index entry_account on ledger.entry (account_id, txn_id);

create table ledger.balance (
  account_id bigint primary key references ledger.account (id),
  balance bigint not null default 0,
  version bigint not null default 0
);

-- 1. At COMMIT every transaction has at least two lines, sums to zero in each currency, and each line has its account's currency.
create function ledger.check_txn() returns trigger language plpgsql as $$
declare t uuid;
begin
  if tg_table_name = 'txn' then t := new.id; else t := new.txn_id; end if;
  if (select count(*) from ledger.entry where txn_id = t) < 2 then
    raise exception 'ledger: txn % has fewer than 2 entries', t using errcode = '23514';
  end if;
  if exists (select 1 from ledger.entry where txn_id = t group by currency having sum(amount) <> 0) then
    raise exception 'ledger: txn % is unbalanced', t using errcode = '23514';
  end if;
  if exists (select 1 from ledger.entry e join ledger.account a on a.id = e.account_id where e.txn_id = t and a.currency <> e.currency) then
    raise exception 'ledger: currency mismatch in %', t using errcode = '23514';
  end if;
  return null;
end $$;
create constraint trigger txn_balanced after insert on ledger.txn deferrable initially deferred for each row execute function ledger.check_txn();
create constraint trigger entry_balanced after insert on ledger.entry deferrable initially deferred for each row execute function ledger.check_txn();

-- 2. The materialised balance, and no overdraft, under the row lock that the upsert takes.
create function ledger.apply_entry() returns trigger language plpgsql as $$
declare b bigint; a ledger.account;
begin
  insert into ledger.balance as x (account_id, balance, version) values (new.account_id, new.amount, 1)
    on conflict (account_id) do update set balance = x.balance + excluded.balance, version = x.version + 1 returning balance into b;
  select * into a from ledger.account where id = new.account_id;
  if not a.may_go_negative and ((a.normal = 'D' and b < 0) or (a.normal = 'C' and b > 0)) then
    raise exception 'ledger: account % overdrawn', a.code using errcode = '23514';
  end if;
  return null;
end $$;
create trigger entry_apply after insert on ledger.entry for each row execute function ledger.apply_entry();

-- 3. Nothing is changed or taken away: row triggers, and statement triggers because TRUNCATE fires no row trigger.
create function ledger.deny() returns trigger language plpgsql as $$
begin
  raise exception 'ledger is append-only (%)', tg_op using errcode = '55000';
end $$;
create trigger account_ro before update or delete on ledger.account for each row execute function ledger.deny();
create trigger txn_ro before update or delete on ledger.txn for each row execute function ledger.deny();
create trigger entry_ro before update or delete on ledger.entry for each row execute function ledger.deny();
create trigger account_tr before truncate on ledger.account for each statement execute function ledger.deny();
create trigger txn_tr before truncate on ledger.txn for each statement execute function ledger.deny();
create trigger entry_tr before truncate on ledger.entry for each statement execute function ledger.deny();
create trigger balance_tr before truncate on ledger.balance for each statement execute function ledger.deny();

-- 4. A line comes from the transaction that made its txn, and from no later one.
create function ledger.same_xact() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from ledger.txn where id = new.txn_id and xact = pg_current_xact_id()) then
    raise exception 'ledger: txn % is closed', new.txn_id using errcode = '55000';
  end if;
  return new;
end $$;
create trigger entry_same before insert on ledger.entry for each row execute function ledger.same_xact();

-- 5. A balance moves by entries only.
create function ledger.deny_by_hand() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() < 2 then
    raise exception 'ledger: balances follow their entries (%)', tg_op using errcode = '55000';
  end if;
  return coalesce(new, old);
end $$;
create trigger balance_ro before insert or update or delete on ledger.balance for each row execute function ledger.deny_by_hand();

alter table ledger.account enable always trigger account_ro;
alter table ledger.txn enable always trigger txn_ro;
alter table ledger.entry enable always trigger entry_ro;
alter table ledger.entry enable always trigger entry_same;
alter table ledger.entry enable always trigger entry_apply;
alter table ledger.entry enable always trigger entry_balanced;
alter table ledger.txn enable always trigger txn_balanced;
alter table ledger.balance enable always trigger balance_ro;
