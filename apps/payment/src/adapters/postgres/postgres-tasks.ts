import { Injectable } from '@nestjs/common';
import { Ids, typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { ManualTasks, type ManualTask, type TaskKind } from '../../application/ports';

interface Row {
  readonly id: string;
  readonly kind: TaskKind;
  readonly subject: string;
  readonly order_id: string | null;
  readonly detail: string;
  readonly advice: string;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
}

@Injectable()
export class PostgresTasks extends ManualTasks {
  constructor(
    private readonly sql: Sql,
    private readonly ids: Ids,
  ) {
    super();
  }

  async open(tx: Transaction, task: Parameters<ManualTasks['open']>[1]): Promise<void> {
    const text = `insert into manual_tasks (id, kind, subject, order_id, detail, advice) values ($1, $2, $3, $4, $5, $6)
      on conflict (kind, subject) where closed_at is null do nothing`;
    const { kind, subject, orderId, detail, advice } = task;
    await this.sql.in(tx).query(text, [uuidOfOwn('tsk', this.ids.next('tsk')), kind, subject, orderId ? uuidOfOwn('ord', orderId) : null, detail, advice]);
  }

  async close(tx: Transaction, { kind, subject, by, reason }: Parameters<ManualTasks['close']>[1]): Promise<void> {
    const text = 'update manual_tasks set closed_at = now(), closed_by = $3, reason = $4 where kind = $1 and subject = $2 and closed_at is null';
    await this.sql.in(tx).query(text, [kind, subject, by, reason]);
  }

  async lock(tx: Transaction, taskId: string): Promise<ManualTask | undefined> {
    const id = uuidOf('tsk', taskId);
    if (!id) return undefined;
    const [row] = await this.sql.in(tx).query<Row>('select * from manual_tasks where id = $1 for update', [id]);
    return row && taskOf(row);
  }

  async page({ includeClosed, limit, before }: Parameters<ManualTasks['page']>[0]): Promise<ManualTask[]> {
    const text = 'select * from manual_tasks where ($1 or closed_at is null) and ($2::uuid is null or id < $2) order by id desc limit $3';
    const rows = await this.sql.query<Row>(text, [includeClosed, before === undefined ? null : uuidOfOwn('tsk', before), limit]);
    return rows.map(taskOf);
  }
}

function taskOf(row: Row): ManualTask {
  return {
    id: typeId('tsk', row.id), kind: row.kind, subject: row.subject, orderId: row.order_id === null ? undefined : typeId('ord', row.order_id),
    detail: row.detail, advice: row.advice, openedAt: row.opened_at, closedAt: row.closed_at ?? undefined,
  };
}
