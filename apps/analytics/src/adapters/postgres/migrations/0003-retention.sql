-- When the last word on an ask was heard: one that is closed stays for a while, so that what comes late cannot open it again.
alter table asks add column changed_at timestamptz not null default now();
alter table asks_next add column changed_at timestamptz not null default now();
create index asks_closed on asks (changed_at) where not is_open;
create index told_of_drops_by_time on told_of_drops (told_at);
create index portfolio_imports_by_time on portfolio_imports (at);

create or replace function note_ask(part int, of_ask uuid, of_market uuid, new_price bigint, new_currency text, now_open boolean, new_expiry timestamptz, seq bigint) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(7061, 1);
  -- Two topics speak of one ask at the same time, several asks in a transaction: whoever comes second waits here, and not in the middle.
  perform pg_advisory_xact_lock(7064, part);
  insert into asks as a (ask_id, market_id, price, currency, is_open, expires_at, market_seq) values (of_ask, of_market, new_price, new_currency, now_open, new_expiry, seq)
      on conflict (ask_id) do update set price = excluded.price, is_open = excluded.is_open, expires_at = excluded.expires_at, market_seq = excluded.market_seq, changed_at = now()
    where a.market_seq < excluded.market_seq;
  if exists (select from rebuilds where state = 'gathering') then
    insert into asks_next as a (ask_id, market_id, price, currency, is_open, expires_at, market_seq) values (of_ask, of_market, new_price, new_currency, now_open, new_expiry, seq)
        on conflict (ask_id) do update set price = excluded.price, is_open = excluded.is_open, expires_at = excluded.expires_at, market_seq = excluded.market_seq, changed_at = now()
      where a.market_seq < excluded.market_seq;
  end if;
  insert into stirred_markets (market_id) values (of_market);
end $$;
