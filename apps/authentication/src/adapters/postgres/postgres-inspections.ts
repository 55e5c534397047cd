import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type InspectionFilter, Inspections, type NewInspection } from '../../application/ports';
import type { Check, Inspection, Opinion, Outcome } from '../../domain/inspection';
import { INSPECTION, inspectionOf, type InspectionRow } from './inspection-row';

const LEASE_MINUTES = 10;

const OPEN = `insert into inspections (id, order_id, product_id, size, buyer_id, seller_id, state, created_at)
  values ($1, $2, $3, $4, $5, $6, 'awaiting_parcel', $7) on conflict (order_id) do nothing`;

const PAGE = `${INSPECTION}
  where case $1::text
      when '' then i.state not in ('completed', 'cancelled')
      when 'claimed' then i.state = 'queued' and i.claimed_until > now()
      when 'queued' then i.state = 'queued' and i.claimed_until > now() is not true
      else i.state = $1 end
    and $2::uuid not in (i.buyer_id, i.seller_id)
    and ($3::uuid is null or i.id > $3)
  order by i.id limit $4`;

const NEXT_FREE = `select i.id from inspections i
  where i.state in ('queued', 'awaiting_review') and i.claimed_until > now() is not true and $1::uuid not in (i.buyer_id, i.seller_id)
    and not exists (select from opinions o where o.inspection_id = i.id and o.given_by = $1)
  order by i.received_at, i.id limit 1 for update skip locked`;

const CLAIM = `update inspections set claimed_by = $2, claimed_until = now() + make_interval(mins => $3), version = version + 1 where id = $1`;

const CHECK = `insert into checks (inspection_id, kind, result, note, checked_by, checked_at) values ($1, $2, $3, $4, $5, $6)
  on conflict (inspection_id, kind) do update set result = excluded.result, note = excluded.note, checked_by = excluded.checked_by, checked_at = excluded.checked_at`;

const OPINION = `insert into opinions (inspection_id, voice, given_by, verdict, reasons, note, given_at) values ($1, $2, $3, $4, $5, $6, $7)`;

@Injectable()
export class PostgresInspections extends Inspections {
  constructor(private readonly sql: Sql) {
    super();
  }

  async open(tx: Transaction, { id, orderId, productId, size, buyerId, sellerId }: NewInspection, at: Date): Promise<string> {
    const order = uuidOfOwn('ord', orderId);
    const values = [uuidOfOwn('ins', id), order, uuidOfOwn('prd', productId), size, uuidOfOwn('usr', buyerId), uuidOfOwn('usr', sellerId), at];
    await this.sql.in(tx).query(OPEN, values);
    const rows = await this.sql.in(tx).query<{ id: string }>('select id from inspections where order_id = $1', [order]);
    invariant(rows[0], `order ${orderId} has no inspection`);
    return typeId('ins', rows[0].id);
  }

  async find(id: string): Promise<Inspection | undefined> {
    const uuid = uuidOf('ins', id);
    const rows = uuid ? await this.sql.query<InspectionRow>(`${INSPECTION} where i.id = $1`, [uuid]) : [];
    return rows[0] && inspectionOf(rows[0]);
  }

  async page({ state, notOf, limit, after }: InspectionFilter): Promise<Inspection[]> {
    const rows = await this.sql.query<InspectionRow>(PAGE, [state ?? '', uuidOfOwn('usr', notOf), after ? uuidOfOwn('ins', after) : null, limit]);
    return rows.map(inspectionOf);
  }

  async lock(tx: Transaction, id: string): Promise<Inspection | undefined> {
    const uuid = uuidOf('ins', id);
    return uuid ? this.locked(tx, 'select id from inspections where id = $1 for update', uuid) : undefined;
  }

  async lockOfOrder(tx: Transaction, orderId: string): Promise<Inspection | undefined> {
    const uuid = uuidOf('ord', orderId);
    return uuid ? this.locked(tx, 'select id from inspections where order_id = $1 for update', uuid) : undefined;
  }

  lockNextFree(tx: Transaction, userId: string): Promise<Inspection | undefined> {
    return this.locked(tx, NEXT_FREE, uuidOfOwn('usr', userId));
  }

  async receive(tx: Transaction, id: string, at: Date, dueAt: Date): Promise<void> {
    const RECEIVE = `update inspections set state = 'queued', received_at = $2, due_at = $3, version = version + 1 where id = $1`;
    await this.sql.in(tx).query(RECEIVE, [uuidOfOwn('ins', id), at, dueAt]);
  }

  async cancel(tx: Transaction, id: string): Promise<void> {
    const CANCEL = `update inspections set state = 'cancelled', claimed_by = null, claimed_until = null, version = version + 1 where id = $1`;
    await this.sql.in(tx).query(CANCEL, [uuidOfOwn('ins', id)]);
  }

  async claim(tx: Transaction, id: string, userId: string): Promise<void> {
    await this.sql.in(tx).query(CLAIM, [uuidOfOwn('ins', id), uuidOfOwn('usr', userId), LEASE_MINUTES]);
  }

  async release(tx: Transaction, id: string): Promise<void> {
    await this.sql.in(tx).query('update inspections set claimed_by = null, claimed_until = null, version = version + 1 where id = $1', [uuidOfOwn('ins', id)]);
  }

  async check(tx: Transaction, id: string, { kind, result, note }: Check, by: { userId: string; at: Date }): Promise<void> {
    const uuid = uuidOfOwn('ins', id);
    await this.sql.in(tx).query(CHECK, [uuid, kind, result, note, uuidOfOwn('usr', by.userId), by.at]);
    await this.sql.in(tx).query('update inspections set version = version + 1 where id = $1', [uuid]);
  }

  async judge(tx: Transaction, id: string, opinion: Opinion & { note: string; at: Date }, outcome: Outcome): Promise<void> {
    const uuid = uuidOfOwn('ins', id);
    const { voice, by, verdict, reasons, note, at } = opinion;
    await this.sql.in(tx).query(OPINION, [uuid, voice, uuidOfOwn('usr', by), verdict, reasons, note, at]);
    await this.sql.in(tx).query('update inspections set state = $2, claimed_by = null, claimed_until = null, version = version + 1 where id = $1', [uuid, outcome.state]);
    if (outcome.state !== 'completed') return;
    const VERDICT = 'insert into verdicts (inspection_id, verdict, reasons, decided_at) values ($1, $2, $3, $4)';
    await this.sql.in(tx).query(VERDICT, [uuid, outcome.verdict, outcome.reasons, at]);
  }

  /** Locked first and read after: one statement would show checks and opinions as they were before the wait. */
  private async locked(tx: Transaction, select: string, value: string): Promise<Inspection | undefined> {
    const ids = await this.sql.in(tx).query<{ id: string }>(select, [value]);
    if (!ids[0]) return undefined;
    const rows = await this.sql.in(tx).query<InspectionRow>(`${INSPECTION} where i.id = $1`, [ids[0].id]);
    return rows[0] && inspectionOf(rows[0]);
  }
}
