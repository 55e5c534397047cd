import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { History, type HistoryEntry, type RequestKey } from '../../application/ports';

interface Row extends Omit<HistoryEntry, 'actorId' | 'request'> {
  readonly actorUuid: string | null;
}

/** Two orders have no row in common that could be locked: of two requests under one key the second waits here for the first. */
const TAKE_KEY = `select pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))`;

const BY_KEY = `select request_hash = sha256(convert_to($3, 'UTF8')) as "isSameBody" from order_events where actor_id = $1 and idempotency_key = $2`;

const OF = `select version, event, from_status as "from", to_status as "to", actor, actor_id as "actorUuid", reason, at, trace_id as "traceId"
  from order_events where order_id = $1 order by version`;

@Injectable()
export class PostgresHistory extends History {
  constructor(private readonly sql: Sql) {
    super();
  }

  async findKey(tx: Transaction, actorId: string, { key, body }: RequestKey): Promise<boolean | undefined> {
    const user = uuidOfOwn('usr', actorId);
    await this.sql.in(tx).query(TAKE_KEY, [user, key]);
    const [row] = await this.sql.in(tx).query<{ isSameBody: boolean | null }>(BY_KEY, [user, key, body]);
    return row && row.isSameBody === true;
  }

  async of(orderId: string): Promise<HistoryEntry[]> {
    const rows = await this.sql.query<Row>(OF, [uuidOfOwn('ord', orderId)]);
    return rows.map(({ actorUuid, ...row }) => ({ ...row, ...(actorUuid && { actorId: typeId('usr', actorUuid) }) }));
  }
}
