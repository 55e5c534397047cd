import { Injectable } from '@nestjs/common';
import { currentTraceparent } from '@libs/chassis/trace';
import { Ids, typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { money } from '@libs/kernel/money';
import { isGone, thisProcess } from '@libs/postgres/lease-holder';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Operations, type TakenOperation } from '../../application/ports';
import type { Operation, OperationKind, OperationState } from '../../domain/operation';

/** Longer than an operation may take: four calls to the provider of a minute each at most. */
const LEASE = `interval '5 minutes'`;
const OPEN = `('planned', 'sent', 'unknown')`;

const PLAN = `insert into payment_op (op_id, order_id, kind, attempt, amount, currency, state, payment_method_id, next_at, traceparent, request_hash)
  select $1::uuid, $2::uuid, $3::text, coalesce(max(attempt), 0) + 1, $4::bigint, $5::text, 'planned', $6::uuid, now() + $7::int * interval '1 millisecond', $8::text,
         sha256(convert_to(concat_ws('|', $1::uuid, $2::uuid, $3::text, $4::bigint, $5::text, $6::uuid), 'UTF8'))
  from payment_op where order_id = $2::uuid and kind = $3::text`;

const RECORD = `insert into payment_op (op_id, order_id, kind, attempt, amount, currency, state, psp_id, resolved_at, request_hash)
  select $1::uuid, $2::uuid, $3::text, coalesce(max(attempt), 0) + 1, $4::bigint, $5::text, 'succeeded', $6::text, now(), sha256(convert_to($1::uuid::text, 'UTF8'))
  from payment_op where order_id = $2::uuid and kind = $3::text`;

const TAKE = `with due as (
    select op_id, state from payment_op
    where state in ${OPEN} and next_at <= now() and (leased_until is null or leased_until < now())
    order by next_at limit $1 for update skip locked)
  update payment_op o set state = 'sent', sent_at = coalesce(o.sent_at, now()), takes = o.takes + 1, leased_until = now() + ${LEASE}, lease_holder = ${thisProcess}
  from due where o.op_id = due.op_id
  returning o.*, due.state as was, (extract(epoch from now() - o.sent_at) * 1000)::bigint as age_ms,
    case when o.kind = 'refund' then (select r.reason from refunds r where r.order_id = o.order_id) end as refund_reason`;

interface Row {
  readonly op_id: string;
  readonly order_id: string;
  readonly kind: OperationKind;
  readonly attempt: number;
  readonly amount: number;
  readonly currency: string;
  readonly state: OperationState;
  readonly payment_method_id: string | null;
  readonly psp_id: string | null;
  readonly takes: number;
}

@Injectable()
export class PostgresOperations extends Operations {
  constructor(
    private readonly sql: Sql,
    private readonly ids: Ids,
  ) {
    super();
  }

  async plan(tx: Transaction, plan: Parameters<Operations['plan']>[1]): Promise<string> {
    const id = this.ids.next('op');
    const { orderId, kind, amount, paymentMethodId, delayMs = 0 } = plan;
    const method = paymentMethodId ? uuidOfOwn('pm', paymentMethodId) : null;
    await this.sql.in(tx).query(PLAN, [uuidOfOwn('op', id), uuidOfOwn('ord', orderId), kind, amount.minor, amount.currency, method, delayMs, currentTraceparent() ?? null]);
    return id;
  }

  async take(limit: number): Promise<TakenOperation[]> {
    const rows = await this.sql.query<Row & { was: OperationState; age_ms: number; traceparent: string | null; refund_reason: string | null }>(TAKE, [limit]);
    return rows.map((row) => ({ ...operationOf(row), isFresh: row.was === 'planned', ageMs: row.age_ms, ...(row.traceparent && { cause: row.traceparent }), ...(row.refund_reason !== null && { refundReason: row.refund_reason }) }));
  }

  async freeLeases(underWay: readonly string[]): Promise<void> {
    const text = `update payment_op set leased_until = null where state in ${OPEN} and leased_until is not null
      and (${isGone('lease_holder')} or (lease_holder = ${thisProcess} and op_id <> all ($1::uuid[])))`;
    await this.sql.query(text, [underWay.map((id) => uuidOfOwn('op', id))]);
  }

  async find(operationId: string): Promise<Operation | undefined> {
    return this.one(this.sql, operationId);
  }

  async read(tx: Transaction, operationId: string): Promise<Operation | undefined> {
    return this.one(this.sql.in(tx), operationId);
  }

  async ofOrder(tx: Transaction, orderId: string): Promise<Operation[]> {
    const rows = await this.sql.in(tx).query<Row>('select * from payment_op where order_id = $1 order by planned_at, op_id', [uuidOfOwn('ord', orderId)]);
    return rows.map(operationOf);
  }

  async defer({ id, takes }: Pick<Operation, 'id' | 'takes'>, as: 'unknown' | 'planned' | 'sent', delayMs: number): Promise<void> {
    const text = `update payment_op set state = $2::text, next_at = now() + $3::int * interval '1 millisecond', leased_until = null, sent_at = case when $2::text = 'planned' then null else sent_at end
      where op_id = $1 and takes = $4 and state in ${OPEN}`;
    await this.sql.query(text, [uuidOfOwn('op', id), as, delayMs, takes]);
  }

  async lookNow(tx: Transaction, operationId: string): Promise<void> {
    await this.sql.in(tx).query(`update payment_op set next_at = now() where op_id = $1 and state in ${OPEN}`, [uuidOfOwn('op', operationId)]);
  }

  async nameProviderObject(tx: Transaction, operationId: string, providerId: string): Promise<void> {
    await this.sql.in(tx).query('update payment_op set psp_id = $2 where op_id = $1', [uuidOfOwn('op', operationId), providerId]);
  }

  async resolve(tx: Transaction, operationId: string, outcome: Parameters<Operations['resolve']>[2]): Promise<void> {
    const text = `update payment_op set state = $2, psp_id = coalesce($3, psp_id), failure_code = $4, resolved_at = now(), leased_until = null where op_id = $1`;
    await this.sql.in(tx).query(text, [uuidOfOwn('op', operationId), outcome.state, outcome.providerId ?? null, outcome.failureCode ?? null]);
  }

  async recordSucceeded(tx: Transaction, operation: Parameters<Operations['recordSucceeded']>[1]): Promise<void> {
    const { orderId, kind, amount, providerId } = operation;
    await this.sql.in(tx).query(RECORD, [uuidOfOwn('op', this.ids.next('op')), uuidOfOwn('ord', orderId), kind, amount.minor, amount.currency, providerId]);
  }

  async abandonPlanned(tx: Transaction, orderId: string, kinds: readonly OperationKind[]): Promise<string[]> {
    const text = `update payment_op set state = 'failed', failure_code = 'abandoned', resolved_at = now() where order_id = $1 and kind = any ($2) and state = 'planned' returning op_id`;
    const rows = await this.sql.in(tx).query<{ op_id: string }>(text, [uuidOfOwn('ord', orderId), [...kinds]]);
    return rows.map((row) => typeId('op', row.op_id));
  }

  /** What waits for the provider's own time, such as a pending refund, is not our work. */
  async openCount(): Promise<number> {
    const [row] = await this.sql.query<{ n: number }>(`select count(*) as n from payment_op where state in ${OPEN} and psp_id is null`);
    return row?.n ?? 0;
  }

  async unknownFor(ms: number, limit: number): Promise<Operation[]> {
    const text = `select o.* from payment_op o where o.state in ${OPEN} and o.psp_id is null and coalesce(o.sent_at, o.planned_at) < now() - $1::int * interval '1 millisecond'
      and not exists (select 1 from manual_tasks t where t.kind = 'unknown_operation' and t.order_id = o.order_id and t.closed_at is null) limit $2`;
    return (await this.sql.query<Row>(text, [ms, limit])).map(operationOf);
  }

  private async one(statements: Statements, operationId: string): Promise<Operation | undefined> {
    const id = uuidOf('op', operationId);
    if (!id) return undefined;
    const [row] = await statements.query<Row>('select * from payment_op where op_id = $1', [id]);
    return row && operationOf(row);
  }
}

function operationOf(row: Row): Operation {
  return {
    id: typeId('op', row.op_id),
    orderId: typeId('ord', row.order_id),
    kind: row.kind,
    attempt: row.attempt,
    amount: money(row.currency, row.amount),
    state: row.state,
    paymentMethodId: row.payment_method_id === null ? undefined : typeId('pm', row.payment_method_id),
    providerId: row.psp_id ?? undefined,
    takes: row.takes,
  };
}
