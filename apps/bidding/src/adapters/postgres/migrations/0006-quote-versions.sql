-- How often a quote has changed, from 1: what If-Match names, so that nobody amends a quote that they have not seen.
alter table quotes add column version int not null default 1;
-- The answer to a placement is kept for good, and is that of version 1: what has been amended since is another.
update quotes set version = 2
 where status in ('active', 'inactive') and num_nonnulls(placed_price, placed_expires_at, placed_payment_method_id, placed_address_version_id) > 0;
create or replace view bids as select * from quotes where side = 'bid';
create or replace view asks as select * from quotes where side = 'ask';

alter type quote_change add attribute version int;
alter type new_quote    add attribute version int;

-- As it was, and writes the version.
--
-- BD001 fenced: another owner took a shard over · BD002 a market is not where the writer thinks · BD003 a match cannot be bust
-- BD004 a quote is not in the state that the writer thinks · BD005 steps and events differ · BD006 an effect was done before
-- 23505 a key was used before, or a quote would be matched twice.
create or replace function commit_batch(
  owner       text,
  claims      shard_claim[],
  steps       market_step[],
  busts       uuid[],
  changes     quote_change[],
  quotes      new_quote[],
  matches     new_match[],
  answers     new_answer[],
  effects     bigint[],
  events      text,             -- the lines of the outbox row
  event_count int,
  out last_pos bigint           -- of the outbox row; null when there is nothing to announce
) language plpgsql
set search_path from current
set plan_cache_mode = force_generic_plan   -- else every statement is planned again in every call
set enable_seqscan = off                   -- the plans are made once, perhaps on empty tables: only index look-ups will do
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  n     bigint;
  moved bigint;
begin
  -- A null array would pass every count in silence.
  if num_nulls(owner, claims, steps, busts, changes, quotes, matches, answers, effects, events, event_count) > 0 then
    raise exception 'an argument is null' using errcode = '22004';
  end if;

  -- Held until the commit: a take-over waits for this batch and then reads all of it, or this batch waits for it and is refused.
  -- Not `for share`: two sessions of one owner (the second after a lost connection) must not pass side by side.
  perform from unnest(claims) c join shards s on s.id = c.id and s.epoch = c.epoch order by s.id for no key update of s;
  get diagnostics n = row_count;
  if n = 0 or n <> cardinality(claims) then
    raise exception 'fenced: % of % shards are ours', n, cardinality(claims) using errcode = 'BD001';
  end if;

  with moved as (
    update markets m
       set seq = s.seq, match_seq = s.match_seq, state = coalesce(s.state, m.state)
      from unnest(steps) s
     where m.id = s.id and m.seq = s.was and m.shard = any (array(select c.id from unnest(claims) c))
    returning s.seq - s.was as by)
  select count(*), coalesce(sum(by), 0) into n, moved from moved;
  if n <> cardinality(steps) then
    raise exception 'stale: % of % markets moved', n, cardinality(steps) using errcode = 'BD002';
  end if;
  if moved <> event_count then
    raise exception '% steps but % events', moved, event_count using errcode = 'BD005';
  end if;

  -- Before the new matches: a bust one gives its quotes free.
  if cardinality(busts) > 0 then
    update matches m set state = 'bust' where m.id = any (busts) and m.state <> 'bust';
    get diagnostics n = row_count;
    if n <> cardinality(busts) then
      raise exception '% of % matches bust', n, cardinality(busts) using errcode = 'BD003';
    end if;
    delete from sales s where s.match_id = any (busts);
  end if;

  -- What ended stays ended: a cancelled or expired quote never changes. A version never comes twice.
  if cardinality(changes) > 0 then
    update quotes q
       set status = c.status, reason = c.reason, price = c.price, prio = c.prio, expires_at = c.expires_at, accepted_at = c.accepted_at,
           payment_method_id = c.payment_method_id, address_version_id = c.address_version_id, version = c.version,
           placed_price = case when c.price <> q.price then coalesce(q.placed_price, q.price) else q.placed_price end,
           placed_expires_at = case when c.expires_at <> q.expires_at then coalesce(q.placed_expires_at, q.expires_at) else q.placed_expires_at end,
           placed_payment_method_id = case when c.payment_method_id <> q.payment_method_id
             then coalesce(q.placed_payment_method_id, q.payment_method_id) else q.placed_payment_method_id end,
           placed_address_version_id = case when c.address_version_id <> q.address_version_id
             then coalesce(q.placed_address_version_id, q.address_version_id) else q.placed_address_version_id end
      from unnest(changes) c
     where q.id = c.id and q.status = c.was and q.status in ('inactive', 'active', 'matched') and q.version < c.version;
    get diagnostics n = row_count;
    if n <> cardinality(changes) then
      raise exception '% of % quotes changed', n, cardinality(changes) using errcode = 'BD004';
    end if;
  end if;

  if cardinality(quotes) > 0 then
    insert into quotes (id, market_id, side, user_id, price, prio, status, reason, expires_at, accepted_at, payment_method_id, address_version_id,
                        immediate, placed_at, client_key, body_hash, answer_seq, answer_match_id,
                        placed_price, placed_expires_at, placed_payment_method_id, placed_address_version_id, version)
    select q.* from unnest(quotes) q;
  end if;

  if cardinality(matches) > 0 then
    insert into matches (id, market_id, seq, bid_id, ask_id, price, buyer_id, seller_id, state, matched_at)
    select m.* from unnest(matches) m;
  end if;

  if cardinality(answers) > 0 then
    insert into command_answers (user_id, key, command, body_hash, answer)
    select a.* from unnest(answers) a;
  end if;

  if cardinality(effects) > 0 then
    delete from fact_effects f where f.id = any (effects);
    get diagnostics n = row_count;
    if n <> cardinality(effects) then
      raise exception '% of % effects were still to do', n, cardinality(effects) using errcode = 'BD006';
    end if;
  end if;

  if event_count > 0 then
    insert into outbox (owner, events, event_count) values (owner, events, event_count) returning pos into last_pos;
  end if;
end $$;
