import { Injectable } from '@nestjs/common';
import { currentTraceparent } from '@libs/chassis/trace';
import { uuidOfOwn } from '@libs/kernel/ids';
import { isGone, thisProcess } from '@libs/postgres/lease-holder';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type ClaimedStep, type SagaStep, Steps } from '../../application/ports';
import { type Effect, follows } from '../../domain/lifecycle';
import { orderOf, type OrderRow } from './order-row';

/** Longer than any call that a step makes, and short enough that what a killed process had taken goes on soon. */
const LEASE_S = 12;
/** A step that failed so often is no longer waited for by a drain. */
const LIVE_ATTEMPTS_MAX = 6;

const ADD = `insert into saga_steps (order_id, kind, state, traceparent) select $1, kind, 'ready', $3 from unnest($2::text[]) with ordinality as t (kind, n) order by n
  on conflict (order_id, kind) do nothing`;

// An earlier step of the order that runs, or was never tried, goes first; one that keeps failing holds up only what must follow it.
const CLAIM = `with claimed as (update saga_steps set state = 'running', attempts = attempts + 1, lease_until = now() + make_interval(secs => $2),
    lease_holder = ${thisProcess}
  where id in (
    select s.id from saga_steps s
    where s.state in ('ready', 'running', 'waiting')
      and case when s.state = 'running' then s.lease_until else s.next_at end <= now()
      and not exists (
        select from saga_steps e where e.order_id = s.order_id and e.id < s.id
          and ((e.state = 'running' and e.lease_until > now()) or (e.state = 'ready' and e.attempts = 0 and not $3::jsonb ? e.kind)
            or (e.kind = $3::jsonb ->> s.kind and e.state in ('ready', 'running', 'waiting'))))
    order by s.next_at, s.id limit $1 for update skip locked)
  returning id, order_id, kind, attempts, traceparent)
  select c.id as step_id, c.kind, c.attempts, c.traceparent, o.* from claimed c join orders o on o.id = c.order_id order by c.id`;

const FREE = `update saga_steps s set lease_until = now() where s.state = 'running' and s.lease_until > now() and ${isGone('s.lease_holder')}`;

const FOLLOWS = JSON.stringify(follows);

const FINISH = `update saga_steps set state = $3, lease_until = null, failing_since = null, last_error = null
  where order_id = $1 and kind = any ($2) and state in ('ready', 'running', 'waiting')`;

const WAIT = `update saga_steps set state = 'waiting', attempts = 0, next_at = now() + make_interval(secs => $2 / 1000.0), lease_until = null,
  failing_since = null, last_error = null where id = $1 and state = 'running'`;

// An event may have concluded the step while its call failed.
const FAIL = `update saga_steps set state = case when state = 'running' then 'ready' else state end,
    next_at = now() + make_interval(secs => $2 / 1000.0), lease_until = null,
    failing_since = case when state = 'running' then coalesce(failing_since, now()) end, last_error = $3
  where id = $1 returning coalesce(extract(epoch from now() - failing_since) * 1000, 0)::bigint as failing_ms`;

const HAS_OPEN = `select from saga_steps where order_id = $1 and ($2::text is null or kind = $2) and state in ('ready', 'running', 'waiting') limit 1`;

const HURRY = `update saga_steps set next_at = now(), failing_since = null where order_id = $1 and kind = $2 and state in ('ready', 'waiting')`;

const AGAIN = `update saga_steps set state = case when state in ('done', 'void') then 'ready' else state end, next_at = now(), failing_since = null
  where order_id = $1 and kind = $2 and state <> 'running'`;

const LIVE = `select count(*) as count from saga_steps s where s.state = 'running' or (s.state = 'waiting' and s.kind = 'cancel_payment')
  or (s.state = 'ready' and s.attempts < $1 and not exists (
    select from saga_steps e where e.order_id = s.order_id and e.kind = $2::jsonb ->> s.kind and e.state = 'ready' and e.attempts >= $1))`;

@Injectable()
export class PostgresSteps extends Steps {
  constructor(private readonly sql: Sql) {
    super();
  }

  async add(tx: Transaction, orderId: string, kinds: readonly Effect[]): Promise<void> {
    if (kinds.length > 0) await this.sql.in(tx).query(ADD, [uuidOfOwn('ord', orderId), kinds, currentTraceparent() ?? null]);
  }

  async claim(limit: number): Promise<ClaimedStep[]> {
    const rows = await this.sql.query<OrderRow & { step_id: number; kind: Effect; attempts: number; traceparent: string | null }>(CLAIM, [limit, LEASE_S, FOLLOWS]);
    return rows.map((row) => {
      const order = orderOf(row);
      return { id: row.step_id, orderId: order.id, kind: row.kind, attempts: row.attempts, ...(row.traceparent && { cause: row.traceparent }), order };
    });
  }

  async freeOfTheDead(): Promise<void> {
    await this.sql.query(FREE);
  }

  async finish(tx: Transaction, orderId: string, kinds: readonly Effect[], state: 'done' | 'void'): Promise<void> {
    await this.sql.in(tx).query(FINISH, [uuidOfOwn('ord', orderId), kinds, state]);
  }

  async wait(tx: Transaction, step: SagaStep, ms: number): Promise<void> {
    await this.sql.in(tx).query(WAIT, [step.id, ms]);
  }

  async fail(step: SagaStep, error: string, retryMs: number): Promise<{ failingMs: number }> {
    const rows = await this.sql.query<{ failing_ms: number }>(FAIL, [step.id, retryMs, error]);
    return { failingMs: rows[0]?.failing_ms ?? 0 };
  }

  async hasOpen(tx: Transaction, orderId: string, kind?: Effect): Promise<boolean> {
    const rows = await this.sql.in(tx).query(HAS_OPEN, [uuidOfOwn('ord', orderId), kind ?? null]);
    return rows.length > 0;
  }

  async hurry(tx: Transaction, orderId: string, kind: Effect): Promise<void> {
    await this.sql.in(tx).query(HURRY, [uuidOfOwn('ord', orderId), kind]);
  }

  async again(tx: Transaction, orderId: string, kind: Effect): Promise<void> {
    await this.sql.in(tx).query(AGAIN, [uuidOfOwn('ord', orderId), kind]);
  }

  async countLive(): Promise<number> {
    const rows = await this.sql.query<{ count: number }>(LIVE, [LIVE_ATTEMPTS_MAX, FOLLOWS]);
    return rows[0]?.count ?? 0;
  }
}
