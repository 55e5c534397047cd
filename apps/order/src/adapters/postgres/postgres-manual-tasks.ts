import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type ManualTask, ManualTasks } from '../../application/ports';

interface Row {
  readonly id: string;
  readonly kind: ManualTask['kind'];
  readonly order_id: string;
  readonly subject: string;
  readonly detail: string;
  readonly advice: string;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
}

const OPEN = `insert into manual_tasks (id, kind, order_id, subject, detail, advice, opened_at) values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (order_id, kind, subject) where closed_at is null do nothing`;

const CLOSE = `update manual_tasks set closed_at = $3, closed_by = $4, close_reason = $5 where order_id = $1 and subject = any($2) and closed_at is null`;

const PAGE = `select * from manual_tasks where ($1 or closed_at is null) and ($2::uuid is null or id < $2) order by id desc limit $3`;

@Injectable()
export class PostgresManualTasks extends ManualTasks {
  constructor(private readonly sql: Sql) {
    super();
  }

  async open(tx: Transaction, { id, kind, orderId, subject, detail, advice, openedAt }: Omit<ManualTask, 'closedAt'>): Promise<void> {
    await this.sql.in(tx).query(OPEN, [uuidOfOwn('tsk', id), kind, uuidOfOwn('ord', orderId), subject, detail, advice, openedAt]);
  }

  async find(tx: Transaction, id: string): Promise<ManualTask | undefined> {
    const uuid = uuidOf('tsk', id);
    const rows = uuid ? await this.sql.in(tx).query<Row>('select * from manual_tasks where id = $1', [uuid]) : [];
    return rows[0] && taskOf(rows[0]);
  }

  async close(tx: Transaction, orderId: string, subjects: readonly string[], by: { at: Date; userId?: string; reason: string }): Promise<void> {
    const user = by.userId ? uuidOfOwn('usr', by.userId) : null;
    await this.sql.in(tx).query(CLOSE, [uuidOfOwn('ord', orderId), subjects, by.at, user, by.reason]);
  }

  async page({ includeClosed, limit, before }: { includeClosed: boolean; limit: number; before?: string }): Promise<ManualTask[]> {
    const rows = await this.sql.query<Row>(PAGE, [includeClosed, before ? uuidOfOwn('tsk', before) : null, limit]);
    return rows.map(taskOf);
  }

  async countStuck(): Promise<number> {
    const rows = await this.sql.query<{ count: number }>(`select count(*) as count from manual_tasks where kind = 'stuck_saga' and closed_at is null`);
    return rows[0]?.count ?? 0;
  }
}

function taskOf({ id, kind, order_id, subject, detail, advice, opened_at, closed_at }: Row): ManualTask {
  return { id: typeId('tsk', id), kind, orderId: typeId('ord', order_id), subject, detail, advice, openedAt: opened_at, closedAt: closed_at ?? undefined };
}
