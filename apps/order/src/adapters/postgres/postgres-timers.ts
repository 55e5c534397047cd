import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type Timer, Timers } from '../../application/ports';
import type { TimerKind } from '../../domain/lifecycle';

interface Row {
  readonly order_id: string;
  readonly kind: TimerKind;
  readonly due_at: Date;
}

const DUE = `from timers t where t.fired_at is null and t.due_at <= $1
  and not exists (select from saga_steps s where s.order_id = t.order_id and s.state in ('ready', 'running', 'waiting'))
  and not (t.kind = 'auto_delivered' and exists (
    select from orders o join shipments p on p.tracking = o.outbound_tracking and p.order_id = o.id where o.id = t.order_id and p.state = 'lost'))`;

const START = `insert into timers (order_id, kind, due_at) values ($1, $2, $3)
  on conflict (order_id, kind) do update set due_at = greatest(timers.due_at, excluded.due_at), fired_at = null, outcome = null`;

const OVERTAKE = `update timers set fired_at = $3, outcome = 'overtaken' where order_id = $1 and fired_at is null and kind = any($2)`;

const AFTER = 'and ($3::timestamptz is null or (t.due_at, t.order_id, t.kind) > ($3, $4::uuid, $5))';

@Injectable()
export class PostgresTimers extends Timers {
  constructor(private readonly sql: Sql) {
    super();
  }

  async start(tx: Transaction, { orderId, kind, dueAt }: Timer): Promise<void> {
    await this.sql.in(tx).query(START, [uuidOfOwn('ord', orderId), kind, dueAt]);
  }

  async due(now: Date, limit: number, after?: Timer): Promise<Timer[]> {
    const since = after ? [after.dueAt, uuidOfOwn('ord', after.orderId), after.kind] : [null, null, null];
    const rows = await this.sql.query<Row>(`select t.order_id, t.kind, t.due_at ${DUE} ${AFTER} order by t.due_at, t.order_id, t.kind limit $2`, [now, limit, ...since]);
    return rows.map(timerOf);
  }

  async overtake(tx: Transaction, orderId: string, kinds: readonly TimerKind[], at: Date): Promise<void> {
    await this.sql.in(tx).query(OVERTAKE, [uuidOfOwn('ord', orderId), kinds, at]);
  }

  async settle(tx: Transaction, { orderId, kind }: Timer, at: Date, outcome: 'fired' | 'overtaken'): Promise<void> {
    await this.sql.in(tx).query('update timers set fired_at = $3, outcome = $4 where order_id = $1 and kind = $2', [uuidOfOwn('ord', orderId), kind, at, outcome]);
  }

  async open(tx: Transaction, orderId: string): Promise<Timer[]> {
    const rows = await this.sql.in(tx).query<Row>('select order_id, kind, due_at from timers where order_id = $1 and fired_at is null', [uuidOfOwn('ord', orderId)]);
    return rows.map(timerOf);
  }

  async countDue(now: Date): Promise<number> {
    const rows = await this.sql.query<{ count: number }>(`select count(*) as count ${DUE}`, [now]);
    return rows[0]?.count ?? 0;
  }
}

function timerOf({ order_id, kind, due_at }: Row): Timer {
  return { orderId: typeId('ord', order_id), kind, dueAt: due_at };
}
