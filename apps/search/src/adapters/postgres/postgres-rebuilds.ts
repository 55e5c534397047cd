import { Injectable } from '@nestjs/common';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type Rebuild, Rebuilds, type RebuildScope } from '../../application/ports';

const LEASE_SECONDS = 30;

const REQUEST = `insert into rebuilds (scope, requested_at) values ($1, $2) on conflict (scope) where phase <> 'done' do update set scope = excluded.scope returning id, scope, phase`;
const CLAIM = `update rebuilds set lease_holder = $1, lease_until = now() + make_interval(secs => $2)
  where id = (select id from rebuilds where phase <> 'done' and (lease_until is null or lease_until < now() or lease_holder = $1) order by id limit 1 for update skip locked)
    and not exists (select from rebuilds other where other.phase <> 'done' and other.lease_until >= now() and other.lease_holder <> $1)
  returning id, scope, phase`;

@Injectable()
export class PostgresRebuilds extends Rebuilds {
  constructor(private readonly sql: Sql) {
    super();
  }

  async request(scope: RebuildScope, at: Date): Promise<Rebuild> {
    const [row] = await this.sql.query<Rebuild>(REQUEST, [scope, at]);
    return row as Rebuild; // An insert, or the row that is there already: one in any case.
  }

  async claim(holder: string): Promise<Rebuild | undefined> {
    const [row] = await this.sql.query<Rebuild>(CLAIM, [holder, LEASE_SECONDS]);
    return row;
  }

  async renew(id: number, holder: string): Promise<void> {
    const renewed = await this.sql.query('update rebuilds set lease_until = now() + make_interval(secs => $3) where id = $1 and lease_holder = $2 returning id', [id, holder, LEASE_SECONDS]);
    if (renewed.length === 0) throw new Error(`rebuild ${id} is somebody else's by now`);
  }

  async enter(tx: Transaction | undefined, id: number, phase: Rebuild['phase']): Promise<void> {
    const statements = tx ? this.sql.in(tx) : this.sql;
    await statements.query(`update rebuilds set phase = $2, lease_until = case when $2 = 'done' then null else lease_until end where id = $1`, [id, phase]);
  }

  async isDone(id: number): Promise<boolean> {
    const rows = await this.sql.query(`select from rebuilds where id = $1 and phase = 'done'`, [id]);
    return rows.length > 0;
  }

  async pending(): Promise<number> {
    const [row] = await this.sql.query<{ count: number }>(`select count(*) as count from rebuilds where phase <> 'done'`);
    return row?.count ?? 0;
  }
}
