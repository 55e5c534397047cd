-- Keys that have been rotated out. Nothing may be sealed with one of them again: the key itself is about to be forgotten.
create table retired_data_keys (
  kid text primary key,
  retired_at timestamptz not null default now()
);

create function refuse_retired_key() returns trigger language plpgsql as $$
declare
  sealed text := to_jsonb(new) ->> tg_argv[0];
begin
  if sealed is not null and exists (select from retired_data_keys where kid = split_part(sealed, '.', 1)) then
    raise exception '%.% is sealed with a key that has been retired', tg_table_name, tg_argv[0];
  end if;
  return new;
end $$;
create trigger users_living_key before insert or update of phone_sealed on users for each row execute function refuse_retired_key('phone_sealed');
create trigger address_versions_living_key before insert or update of sealed on address_versions for each row execute function refuse_retired_key('sealed');
create trigger account_messages_living_key before insert or update of sealed on account_messages for each row execute function refuse_retired_key('sealed');

-- An address version is never changed, but it may be sealed anew, with another key: what is under the seal is the same.
create function refuse_change_but_seal() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - 'sealed' = to_jsonb(old) - 'sealed' and split_part(new.sealed, '.', 1) <> split_part(old.sealed, '.', 1) then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name;
end $$;
drop trigger address_versions_append_only on address_versions;
create trigger address_versions_append_only before update or delete on address_versions for each row execute function refuse_change_but_seal();
