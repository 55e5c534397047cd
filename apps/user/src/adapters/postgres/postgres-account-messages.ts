import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { AccountMessages, type AskedReset, type DueMessage, type PlannedMessage } from '../../application/message-ports';
import { Sealer } from '../../application/ports';
import type { MessageKind } from '../../domain/mail';

interface Row {
  readonly id: string;
  readonly kind: MessageKind;
  readonly userId: string;
  readonly sealed: string;
  readonly plannedAt: Date;
  readonly expiresAt: Date | null;
  readonly attempts: number;
}

const PLAN = `insert into account_messages (id, kind, state, user_id, sealed, planned_at, expires_at, next_try_at) values ($1, $2, 'planned', $3, $4, $5, $6, now())`;

const ASK = `insert into account_messages (id, kind, state, sealed, planned_at, next_try_at) values ($1, 'reset_password', 'asked', $2, $3, now())`;

const NEXT_ASKED = `select id, sealed from account_messages where state = 'asked' and next_try_at <= now() order by next_try_at limit 1 for update skip locked`;

// By the database's clock, which all instances share.
const LEASE = `update account_messages set next_try_at = now() + interval '30 seconds', attempts = attempts + 1 where id in (
    select id from account_messages where state = 'planned' and next_try_at <= now() order by next_try_at limit $1 for update skip locked)
  returning id, kind, user_id as "userId", sealed, planned_at as "plannedAt", expires_at as "expiresAt", attempts - 1 as attempts`;

const END = `update account_messages set state = $2, reason = $3, sealed = null, ended_at = now() where id = $1 and state in ('asked', 'planned')`;

const SWEEP_BATCH = 500;
const KEPT_AFTER_END_MS = 30 * 24 * 3_600_000;

const SWEEPS = [
  `delete from account_messages where id in (select id from account_messages where ended_at < $1 limit ${SWEEP_BATCH})`,
  `delete from mailed_tokens where token_hash in (select token_hash from mailed_tokens where expires_at < $1 limit ${SWEEP_BATCH})`,
  `delete from email_changes where user_id in (select user_id from email_changes where expires_at < $1 limit ${SWEEP_BATCH})`,
];

@Injectable()
export class PostgresAccountMessages extends AccountMessages {
  constructor(
    private readonly sql: Sql,
    private readonly sealer: Sealer,
  ) {
    super();
  }

  async plan(tx: Transaction, { id, kind, userId, to, token, plannedAt, expiresAt }: PlannedMessage): Promise<void> {
    const sealed = this.sealer.seal(JSON.stringify({ to, token }), messagePlace(id));
    await this.sql.in(tx).query(PLAN, [uuidOfOwn('op', id), kind, uuidOfOwn('usr', userId), sealed, plannedAt, expiresAt ?? null]);
  }

  async count(tx: Transaction, userId: string, kind: MessageKind, since: Date): Promise<number> {
    const text = 'select count(*)::int as n from account_messages where user_id = $1 and kind = $2 and planned_at > $3';
    const [row] = await this.sql.in(tx).query<{ n: number }>(text, [uuidOfOwn('usr', userId), kind, since]);
    return row?.n ?? 0;
  }

  async askReset({ id, email }: AskedReset, at: Date): Promise<void> {
    await this.sql.query(ASK, [uuidOfOwn('op', id), this.sealer.seal(JSON.stringify({ to: email, token: '' }), messagePlace(id)), at]);
  }

  async nextAsked(tx: Transaction): Promise<AskedReset | undefined> {
    const [row] = await this.sql.in(tx).query<Pick<Row, 'id' | 'sealed'>>(NEXT_ASKED);
    if (!row) return undefined;
    const id = typeId('op', row.id);
    return { id, email: this.opened(id, row.sealed).to };
  }

  async lease(limit: number): Promise<readonly DueMessage[]> {
    const rows = await this.sql.query<Row>(LEASE, [limit]);
    return rows.map(({ sealed, expiresAt, ...row }) => {
      const id = typeId('op', row.id);
      return { ...row, ...this.opened(id, sealed), id, userId: typeId('usr', row.userId), ...(expiresAt && { expiresAt }) };
    });
  }

  async handedOver(id: string): Promise<void> {
    await this.sql.query(END, [uuidOfOwn('op', id), 'handed_over', null]);
  }

  async drop(id: string, reason: string, tx?: Transaction): Promise<void> {
    await (tx ? this.sql.in(tx) : this.sql).query(END, [uuidOfOwn('op', id), 'dropped', reason]);
  }

  async tryAgain(id: string, afterMs: number): Promise<void> {
    await this.sql.query(`update account_messages set next_try_at = now() + $2 * interval '1 millisecond' where id = $1 and state = 'planned'`, [uuidOfOwn('op', id), afterMs]);
  }

  async due(): Promise<number> {
    const [row] = await this.sql.query<{ n: number }>(`select count(*)::int as n from account_messages where state in ('asked', 'planned') and next_try_at <= now()`);
    return row?.n ?? 0;
  }

  async sweep(now: Date): Promise<void> {
    const before = new Date(now.getTime() - KEPT_AFTER_END_MS);
    for (const text of SWEEPS) await this.sql.query(text, [before]);
  }

  private opened(id: string, sealed: string): { to: string; token: string } {
    // Written by `plan` and `askReset` in this shape, and authenticated since.
    return JSON.parse(this.sealer.open(sealed, messagePlace(id))) as { to: string; token: string };
  }
}

export function messagePlace(id: string): string {
  return `account_messages|sealed|${id}`;
}
