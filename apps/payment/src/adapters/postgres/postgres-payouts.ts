import { Injectable } from '@nestjs/common';
import { Ids, typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { money } from '@libs/kernel/money';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Payouts } from '../../application/ports';
import type { Payout, PayoutState } from '../../domain/payout';
import { ACCOUNT_HOLD_MS } from '../../domain/retry-policy';

const WATCH_EVERY = `interval '15 minutes'`;
const MESSAGE_MS_MAX = 3_600_000;

const READY = `select p.order_id from payouts p join payout_accounts a on a.user_id = p.seller_id
  where p.state in ('held', 'transferring', 'transferred') and a.enabled and (a.changed_at is null or a.changed_at <= $1)
    and not exists (select 1 from payment_op o where o.order_id = p.order_id and o.kind in ('transfer', 'payout') and o.state in ('planned', 'sent', 'unknown'))
    and not exists (select 1 from payment_timers t where t.order_id = p.order_id and t.kind = 'payout' and t.fired_at is null)
    and ($3::uuid is null or p.order_id > $3)
  order by p.order_id limit $2`;

const TAKE_OVERDUE = `update payouts p set watched_at = now() from payout_accounts a
  where a.user_id = p.seller_id and p.id in (
    select id from payouts where state = 'in_transit' and arrives_at < $1 and watched_at < now() - ${WATCH_EVERY} order by watched_at limit $2 for update skip locked)
  returning p.psp_id, a.psp_id as account_id`;

interface Row {
  readonly id: string;
  readonly order_id: string;
  readonly seller_id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly state: PayoutState;
  readonly transfer_id: string | null;
  readonly psp_id: string | null;
  readonly failure_code: string | null;
  readonly created_at: Date;
  readonly arrives_at: Date | null;
}

@Injectable()
export class PostgresPayouts extends Payouts {
  constructor(
    private readonly sql: Sql,
    private readonly ids: Ids,
  ) {
    super();
  }

  async ofOrder(tx: Transaction, orderId: string): Promise<Payout | undefined> {
    const [row] = await this.sql.in(tx).query<Row>('select * from payouts where order_id = $1 for update', [uuidOfOwn('ord', orderId)]);
    return row && payoutOf(row);
  }

  async orderOf(providerId: string): Promise<string | undefined> {
    const [row] = await this.sql.query<{ order_id: string }>('select order_id from payouts where psp_id = $1', [providerId]);
    return row && typeId('ord', row.order_id);
  }

  async add(tx: Transaction, payout: Omit<Payout, 'id'>): Promise<Payout> {
    const id = this.ids.next('pyt');
    const text = 'insert into payouts (id, order_id, seller_id, amount_minor, currency, state, created_at) values ($1, $2, $3, $4, $5, $6, $7)';
    const values = [uuidOfOwn('pyt', id), uuidOfOwn('ord', payout.orderId), uuidOfOwn('usr', payout.sellerId), payout.amount.minor, payout.amount.currency, payout.state, payout.createdAt];
    await this.sql.in(tx).query(text, values);
    return { ...payout, id };
  }

  async save(tx: Transaction, payout: Payout): Promise<void> {
    const text = 'update payouts set state = $2, transfer_id = $3, psp_id = $4, failure_code = $5, arrives_at = $6, watched_at = now() where id = $1';
    const { transferId, providerId, failureCode, arrivesAt } = payout;
    await this.sql.in(tx).query(text, [uuidOfOwn('pyt', payout.id), payout.state, transferId ?? null, providerId ?? null, failureCode ?? null, arrivesAt ?? null]);
  }

  async ready(now: Date, limit: number, afterOrderId?: string): Promise<string[]> {
    const after = afterOrderId === undefined ? null : uuidOfOwn('ord', afterOrderId);
    const rows = await this.sql.query<{ order_id: string }>(READY, [new Date(now.getTime() - ACCOUNT_HOLD_MS), limit, after]);
    return rows.map((row) => typeId('ord', row.order_id));
  }

  async takeOverdue(now: Date, limit: number): Promise<{ accountId: string; providerId: string }[]> {
    const rows = await this.sql.query<{ psp_id: string; account_id: string }>(TAKE_OVERDUE, [new Date(now.getTime() - MESSAGE_MS_MAX), limit]);
    return rows.map((row) => ({ accountId: row.account_id, providerId: row.psp_id }));
  }

  async page(sellerId: string, { limit, before, payoutId }: Parameters<Payouts['page']>[1]): Promise<Payout[]> {
    const text = `select * from payouts where seller_id = $1 and ($2::uuid is null or id < $2) and ($3::uuid is null or id = $3) order by id desc limit $4`;
    const one = payoutId === undefined ? null : uuidOf('pyt', payoutId);
    if (one === undefined) return [];
    const rows = await this.sql.query<Row>(text, [uuidOfOwn('usr', sellerId), before === undefined ? null : uuidOfOwn('pyt', before), one, limit]);
    return rows.map(payoutOf);
  }
}

function payoutOf(row: Row): Payout {
  return {
    id: typeId('pyt', row.id),
    orderId: typeId('ord', row.order_id),
    sellerId: typeId('usr', row.seller_id),
    amount: money(row.currency, row.amount_minor),
    state: row.state,
    transferId: row.transfer_id ?? undefined,
    providerId: row.psp_id ?? undefined,
    failureCode: row.failure_code ?? undefined,
    createdAt: row.created_at,
    arrivesAt: row.arrives_at ?? undefined,
  };
}
