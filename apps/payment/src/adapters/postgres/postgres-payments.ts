import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Payments, type Timer, type TimerKind } from '../../application/ports';
import type { Payment } from '../../domain/payment';
import { paymentOf, valuesOf, type PaymentRow } from './payment-row';

const OPEN = `insert into payments (id, order_id, buyer_id, seller_id, currency, price_minor, total_minor, payout_minor, buyer_lines, seller_lines,
  buyer_schedule_id, seller_schedule_id, payment_method_id, state, recover_until)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`;

const SAVE = `update payments set state = $2, tries = $3, has_retried_itself = $4, failure_code = $5, intent_id = $6, charge_id = $7, payment_method_id = $8, updated_at = now()
  where order_id = $1`;

const TAKE_UNWATCHED = `update payments set watched_at = now() where id in (
    select id from payments where state in ('processing', 'retrying', 'action_required') and intent_id is not null and watched_at < now() - $1::int * interval '1 millisecond'
    order by watched_at limit $2 for update skip locked)
  returning intent_id`;

const DUE_TIMERS = `select t.order_id, t.kind, t.due_at from payment_timers t where t.fired_at is null and t.due_at <= $1
    and not exists (select from payment_op o where o.order_id = t.order_id and o.state in ('planned', 'sent', 'unknown'))
    and ($3::timestamptz is null or (t.due_at, t.order_id, t.kind) > ($3, $4::uuid, $5))
  order by t.due_at, t.order_id, t.kind limit $2`;

@Injectable()
export class PostgresPayments extends Payments {
  constructor(private readonly sql: Sql) {
    super();
  }

  /** The advisory lock also keeps apart those who meet before there is a row. */
  async lock(tx: Transaction, orderId: string): Promise<Payment | undefined> {
    const order = uuidOf('ord', orderId);
    if (!order) return undefined;
    const statements = this.sql.in(tx);
    const [, [row]] = await Promise.all([
      statements.query('select pg_advisory_xact_lock(hashtextextended($1, 7055))', [order]),
      statements.query<PaymentRow>('select * from payments where order_id = $1 for update', [order]),
    ]);
    return row && paymentOf(row);
  }

  async open(tx: Transaction, payment: Payment): Promise<void> {
    await this.sql.in(tx).query(OPEN, valuesOf(payment));
  }

  async save(tx: Transaction, payment: Payment): Promise<void> {
    await this.sql.in(tx).query(SAVE, [
      uuidOfOwn('ord', payment.orderId), payment.state, payment.tries, payment.hasRetriedItself, payment.failureCode ?? null, payment.intentId ?? null,
      payment.chargeId ?? null, uuidOfOwn('pm', payment.paymentMethodId),
    ]);
  }

  async find(orderId: string): Promise<Payment | undefined> {
    const order = uuidOf('ord', orderId);
    if (!order) return undefined;
    const [row] = await this.sql.query<PaymentRow>('select * from payments where order_id = $1', [order]);
    return row && paymentOf(row);
  }

  async findByIntent(intentId: string): Promise<Payment | undefined> {
    const [row] = await this.sql.query<PaymentRow>('select * from payments where intent_id = $1', [intentId]);
    return row && paymentOf(row);
  }

  async bury(tx: Transaction, orderId: string): Promise<void> {
    await this.sql.in(tx).query('insert into buried_orders (order_id) values ($1) on conflict do nothing', [uuidOfOwn('ord', orderId)]);
  }

  async isBuried(tx: Transaction, orderId: string): Promise<boolean> {
    const rows = await this.sql.in(tx).query('select 1 from buried_orders where order_id = $1', [uuidOfOwn('ord', orderId)]);
    return rows.length > 0;
  }

  async takeUnwatched(olderThanMs: number, limit: number): Promise<string[]> {
    const rows = await this.sql.query<{ intent_id: string }>(TAKE_UNWATCHED, [olderThanMs, limit]);
    return rows.map((row) => row.intent_id);
  }

  async setTimer(tx: Transaction, { orderId, kind, dueAt }: Timer): Promise<void> {
    const text = `insert into payment_timers (order_id, kind, due_at) values ($1, $2, $3)
      on conflict (order_id, kind) do update set due_at = excluded.due_at, fired_at = null`;
    await this.sql.in(tx).query(text, [uuidOfOwn('ord', orderId), kind, dueAt]);
  }

  async dropTimers(tx: Transaction, orderId: string): Promise<void> {
    await this.sql.in(tx).query(`delete from payment_timers where order_id = $1 and fired_at is null and kind <> 'payout'`, [uuidOfOwn('ord', orderId)]);
  }

  async dropTimer(tx: Transaction, orderId: string, kind: TimerKind): Promise<void> {
    await this.sql.in(tx).query('delete from payment_timers where order_id = $1 and kind = $2 and fired_at is null', [uuidOfOwn('ord', orderId), kind]);
  }

  async dueTimers(now: Date, limit: number, after?: Timer): Promise<Timer[]> {
    const since = after ? [after.dueAt, uuidOfOwn('ord', after.orderId), after.kind] : [null, null, null];
    const rows = await this.sql.query<{ order_id: string; kind: TimerKind; due_at: Date }>(DUE_TIMERS, [now, limit, ...since]);
    return rows.map((row) => ({ orderId: typeId('ord', row.order_id), kind: row.kind, dueAt: row.due_at }));
  }

  async timerFired(tx: Transaction, { orderId, kind }: Timer, now: Date): Promise<boolean> {
    const text = 'update payment_timers set fired_at = $3 where order_id = $1 and kind = $2 and fired_at is null and due_at <= $3 returning 1';
    const rows = await this.sql.in(tx).query(text, [uuidOfOwn('ord', orderId), kind, now]);
    return rows.length > 0;
  }
}
