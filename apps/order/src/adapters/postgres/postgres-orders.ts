import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { type ChangedOrder, type HistoryEntry, type OrderFilter, type OrderPatch, Orders, type Past } from '../../application/ports';
import { endStatuses, type OrderEvent, type Status } from '../../domain/lifecycle';
import type { Order } from '../../domain/order';
import { INSERT_ORDER, orderOf, type OrderRow, valuesOf } from './order-row';

const SET_STATUS = `update orders set status = $2, cancel_reason = $3, payment_status = $4, payout_status = $5, paid_at = $6, ship_by = $7,
  updated_at = $8, version = $9, revision = revision + 1 where id = $1 and version = $9 - 1`;

const PATCH = `update orders set
    payment_status = coalesce($2, payment_status),
    payout_status = coalesce($3, payout_status),
    buyer_lines = coalesce($4::jsonb, buyer_lines),
    seller_lines = coalesce($5::jsonb, seller_lines),
    inbound_tracking = coalesce($6, inbound_tracking),
    outbound_tracking = coalesce($7, outbound_tracking),
    return_tracking = coalesce($8, return_tracking),
    do_not_relist = coalesce($9, do_not_relist),
    ship_by = greatest(ship_by, $10),
    revision = revision + 1
  where id = $1 returning buyer_id, seller_id`;

const PAGE = `select * from orders
  where ($1::uuid is null or (buyer_id = $1 and $2 is distinct from 'seller') or (seller_id = $1 and $2 is distinct from 'buyer'))
    and ($3::text is null or (status = any($4)) = ($3 = 'history'))
    and ($5::uuid is null or id < $5)
  order by id desc limit $6`;

const PAST = 'select event, hash from order_events where order_id = $1 order by version';

const APPEND = `insert into order_events (order_id, version, event, from_status, to_status, actor, actor_id, reason, at, trace_id,
    idempotency_key, request_hash, previous_hash, hash)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, sha256(convert_to($12, 'UTF8')), $13, $14)`;

@Injectable()
export class PostgresOrders extends Orders {
  private readonly changed = new WeakMap<Transaction, Map<string, ChangedOrder>>();
  private readonly listeners: ((changed: readonly ChangedOrder[]) => void)[] = [];

  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {
    super();
  }

  onCommitted(tell: (changed: readonly ChangedOrder[]) => void): void {
    this.listeners.push(tell);
  }

  async insert(tx: Transaction, order: Order, entry: HistoryEntry): Promise<boolean> {
    const inserted = await this.sql.in(tx).query(INSERT_ORDER, valuesOf(order));
    if (inserted.length === 0) return false;
    await this.append(tx, order.id, entry, '');
    this.note(tx, order);
    return true;
  }

  async find(id: string): Promise<Order | undefined> {
    const uuid = uuidOf('ord', id);
    const rows = uuid ? await this.sql.query<OrderRow>('select * from orders where id = $1', [uuid]) : [];
    return rows[0] && orderOf(rows[0]);
  }

  async paid(after: string | undefined, limit: number): Promise<Order[]> {
    const rows = await this.sql.query<OrderRow>('select * from orders where paid_at is not null and ($1::uuid is null or id > $1) order by id limit $2', [after ? uuidOfOwn('ord', after) : null, limit]);
    return rows.map(orderOf);
  }

  async idOfMatch(tx: Transaction, matchId: string): Promise<string | undefined> {
    const rows = await this.sql.in(tx).query<{ id: string }>('select id from orders where match_id = $1', [uuidOfOwn('mtc', matchId)]);
    return rows[0] && typeId('ord', rows[0].id);
  }

  async lock(tx: Transaction, id: string): Promise<Order | undefined> {
    const uuid = uuidOf('ord', id);
    const rows = uuid ? await this.sql.in(tx).query<OrderRow>('select * from orders where id = $1 for update', [uuid]) : [];
    return rows[0] && orderOf(rows[0]);
  }

  async record(tx: Transaction, order: Order, entry: HistoryEntry, past: Past): Promise<void> {
    const { id, status, cancelReason = null, paymentStatus, payoutStatus, paidAt = null, shipBy = null, updatedAt, version } = order;
    const values = [uuidOfOwn('ord', id), status, cancelReason, paymentStatus, payoutStatus, paidAt, shipBy, updatedAt, version];
    await Promise.all([this.sql.in(tx).query(SET_STATUS, values), this.append(tx, id, entry, past.hash)]);
    this.note(tx, order);
  }

  async past(tx: Transaction, id: string): Promise<Past> {
    const uuid = uuidOf('ord', id);
    const rows = uuid ? await this.sql.in(tx).query<{ event: OrderEvent; hash: string }>(PAST, [uuid]) : [];
    return { events: rows.map(({ event }) => event), hash: rows.at(-1)?.hash ?? '' };
  }

  async patch(tx: Transaction, id: string, patch: OrderPatch): Promise<void> {
    const { paymentStatus = null, payoutStatus = null, buyerLines, sellerLines, tracking = {}, doNotRelist = null, shipBy = null } = patch;
    const lines = [buyerLines, sellerLines].map((given) => (given && given.length > 0 ? JSON.stringify(given) : null));
    const trackings = [tracking.inbound ?? null, tracking.outbound ?? null, tracking.return ?? null];
    const rows = await this.sql.in(tx).query<{ buyer_id: string; seller_id: string }>(PATCH, [uuidOfOwn('ord', id), paymentStatus, payoutStatus, ...lines, ...trackings, doNotRelist, shipBy]);
    for (const row of rows) this.note(tx, { id, buyerId: typeId('usr', row.buyer_id), sellerId: typeId('usr', row.seller_id) });
  }

  async page({ userId, side, state, limit, before }: OrderFilter): Promise<Order[]> {
    const user = userId ? uuidOfOwn('usr', userId) : null;
    const cursor = before ? uuidOfOwn('ord', before) : null;
    const rows = await this.sql.query<OrderRow>(PAGE, [user, side ?? null, state ?? null, endStatuses, cursor, limit]);
    return rows.map(orderOf);
  }

  async countByStatus(): Promise<Readonly<Partial<Record<Status, number>>>> {
    const rows = await this.sql.query<{ status: Status; count: number }>('select status, count(*) as count from orders group by status');
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }

  private note(tx: Transaction, { id: orderId, buyerId, sellerId }: Pick<Order, 'id' | 'buyerId' | 'sellerId'>): void {
    const known = this.changed.get(tx);
    const changed = known ?? new Map<string, ChangedOrder>();
    changed.set(orderId, { orderId, buyerId, sellerId });
    if (known) return;
    this.changed.set(tx, changed);
    this.transactions.afterCommit(tx, () => this.listeners.forEach((tell) => tell([...changed.values()])));
  }

  private async append(tx: Transaction, orderId: string, entry: HistoryEntry, previous: string): Promise<void> {
    const { version, event, from, to, actor, actorId, reason, at, traceId, request } = entry;
    const uuid = uuidOfOwn('ord', orderId);
    const who = actorId ? uuidOfOwn('usr', actorId) : null;
    const hash = hashOf([previous, orderId, version, event, from, to, actor, actorId ?? '', reason, at.toISOString(), traceId]);
    await this.sql.in(tx).query(APPEND, [uuid, version, event, from, to, actor, who, reason, at, traceId, request?.key ?? null, request?.body ?? null, previous, hash]);
  }
}

/** Whoever changes an entry afterwards would have to change all that follow. */
export function hashOf(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
