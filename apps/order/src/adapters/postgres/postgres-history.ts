import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { History, type HistoryEntry } from '../../application/ports';
import type { OrderEvent } from '../../domain/lifecycle';

interface Row extends Omit<HistoryEntry, 'actorId' | 'idempotencyKey'> {
  readonly actorUuid: string | null;
}

const OF = `select version, event, from_status as "from", to_status as "to", actor, actor_id as "actorUuid", reason, at, trace_id as "traceId"
  from order_events where order_id = $1 order by version`;

@Injectable()
export class PostgresHistory extends History {
  constructor(private readonly sql: Sql) {
    super();
  }

  async findKey(tx: Transaction, actorId: string, key: string): Promise<{ orderId: string; event: OrderEvent } | undefined> {
    const rows = await this.sql
      .in(tx)
      .query<{ order_id: string; event: OrderEvent }>('select order_id, event from order_events where actor_id = $1 and idempotency_key = $2', [uuidOfOwn('usr', actorId), key]);
    return rows[0] && { orderId: typeId('ord', rows[0].order_id), event: rows[0].event };
  }

  async of(orderId: string): Promise<HistoryEntry[]> {
    const rows = await this.sql.query<Row>(OF, [uuidOfOwn('ord', orderId)]);
    return rows.map(({ actorUuid, ...row }) => ({ ...row, ...(actorUuid && { actorId: typeId('usr', actorUuid) }) }));
  }
}
