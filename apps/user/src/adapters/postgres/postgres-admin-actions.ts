import { Injectable } from '@nestjs/common';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type AdminAction, AdminActions } from '../../application/ports';

const INSERT = 'insert into admin_actions (actor_id, user_id, action, reason, before, after, done_at) values ($1, $2, $3, $4, $5, $6, $7)';

@Injectable()
export class PostgresAdminActions extends AdminActions {
  constructor(private readonly sql: Sql) {
    super();
  }

  async record(tx: Transaction, { actorId, userId, action, reason, before, after, at }: AdminAction): Promise<void> {
    const actor = actorId === undefined ? null : uuidOfOwn('usr', actorId);
    await this.sql.in(tx).query(INSERT, [actor, uuidOfOwn('usr', userId), action, reason, before, after, at]);
  }
}
