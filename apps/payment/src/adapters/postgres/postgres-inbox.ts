import { Injectable } from '@nestjs/common';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { ProviderInbox, type InboxEvent } from '../../application/ports';

const ADD = `insert into psp_event (event_id, endpoint, type, object_id, account_id, customer_id, created, raw_sha256)
  values ($1, $2, $3, $4, $5, $6, $7, sha256($8)) on conflict (event_id) do nothing returning event_id`;
const DUE = 'select * from psp_event where applied_at is null and next_at <= now() order by received_at limit $1';

interface Row {
  readonly event_id: string;
  readonly endpoint: string;
  readonly type: string;
  readonly object_id: string;
  readonly account_id: string | null;
  readonly customer_id: string | null;
  readonly attempts: number;
}

@Injectable()
export class PostgresInbox extends ProviderInbox {
  constructor(private readonly sql: Sql) {
    super();
  }

  async add(event: Parameters<ProviderInbox['add']>[0]): Promise<boolean> {
    const { id, endpoint, type, objectId, accountId, customerId, createdAt, body } = event;
    const rows = await this.sql.query(ADD, [id, endpoint, type, objectId, accountId ?? null, customerId ?? null, createdAt, Buffer.from(body)]);
    return rows.length > 0;
  }

  async due(limit: number): Promise<InboxEvent[]> {
    const rows = await this.sql.query<Row>(DUE, [limit]);
    return rows.map(({ event_id, endpoint, type, object_id, account_id, customer_id, attempts }) => ({
      id: event_id, endpoint, type, objectId: object_id, accountId: account_id ?? undefined, customerId: customer_id ?? undefined, attempts,
    }));
  }

  async applied(eventIds: readonly string[]): Promise<void> {
    await this.sql.query('update psp_event set applied_at = now() where event_id = any ($1)', [eventIds]);
  }

  async retryLater(eventId: string, delayMs: number): Promise<void> {
    await this.sql.query(`update psp_event set attempts = attempts + 1, next_at = now() + $2::int * interval '1 millisecond' where event_id = $1`, [eventId, delayMs]);
  }

  async retryNow(tx: Transaction, eventId: string): Promise<void> {
    await this.sql.in(tx).query('update psp_event set next_at = now() where event_id = $1 and applied_at is null', [eventId]);
  }

  async openCount(): Promise<number> {
    const [row] = await this.sql.query<{ n: number }>('select count(*) as n from psp_event where applied_at is null');
    return row?.n ?? 0;
  }
}
