import { Injectable } from '@nestjs/common';
import { Ids, typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type Reconciliation, type ReconciliationResult, Reconciliations } from '../../application/ports';

interface Row {
  readonly id: string;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly since: Date | null;
  readonly outcome: Reconciliation['outcome'] | null;
  readonly lines: number;
  readonly fees_booked: number;
  readonly unmatched: number;
}

const KEPT_DAYS = 90;
const FINISH = 'update reconciliations set finished_at = $2, outcome = $3, since = $4, lines = $5, fees_booked = $6, unmatched = $7 where id = $1';

@Injectable()
export class PostgresReconciliations extends Reconciliations {
  constructor(
    private readonly sql: Sql,
    private readonly ids: Ids,
  ) {
    super();
  }

  async ask(by: string, at: Date): Promise<Reconciliation> {
    const id = this.ids.next('op');
    const [row] = await this.sql.query<Row>('insert into reconciliations (id, asked_by, asked_at) values ($1, $2, $3) returning *', [uuidOfOwn('op', id), by, at]);
    return reconciliationOf(row as Row); // The row that was inserted.
  }

  async next(): Promise<string | undefined> {
    const [row] = await this.sql.query<{ id: string }>('select id from reconciliations where finished_at is null order by id limit 1');
    return row && typeId('op', row.id);
  }

  async start(id: string, at: Date): Promise<void> {
    await this.sql.query('update reconciliations set started_at = $2 where id = $1', [uuidOfOwn('op', id), at]);
  }

  async finish(id: string, { outcome, since, lines, feesBooked, unmatched }: ReconciliationResult, at: Date): Promise<void> {
    await this.sql.query(FINISH, [uuidOfOwn('op', id), at, outcome, since ?? null, lines, feesBooked, unmatched]);
  }

  async find(id: string): Promise<Reconciliation | undefined> {
    const [row] = await this.sql.query<Row>('select * from reconciliations where id = $1', [uuidOfOwn('op', id)]);
    return row && reconciliationOf(row);
  }

  async page({ limit, before }: { limit: number; before: string | undefined }): Promise<Reconciliation[]> {
    const rows = await this.sql.query<Row>('select * from reconciliations where $1::uuid is null or id < $1 order by id desc limit $2', [before ? uuidOfOwn('op', before) : null, limit]);
    return rows.map(reconciliationOf);
  }

  async prune(at: Date): Promise<void> {
    await this.sql.query(`delete from reconciliations where asked_at < $1::timestamptz - make_interval(days => ${KEPT_DAYS})`, [at]);
  }
}

function reconciliationOf(row: Row): Reconciliation {
  return {
    id: typeId('op', row.id), askedBy: row.asked_by, askedAt: row.asked_at, startedAt: row.started_at ?? undefined, finishedAt: row.finished_at ?? undefined,
    since: row.since ?? undefined, outcome: row.outcome ?? undefined, lines: row.lines, feesBooked: row.fees_booked, unmatched: row.unmatched,
  };
}
