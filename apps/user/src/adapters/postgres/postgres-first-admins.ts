import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { FirstAdmins } from '../../application/ports';
import type { Role } from '../../domain/user';
import { lockAdminList } from './postgres-users';

const LOCK = `select id, roles, exists (select from users other where 'admin' = any(other.roles) and not other.suspended and other.id <> users.id) as "isAnotherAdmin"
  from users where email = $1 for update`;

@Injectable()
export class PostgresFirstAdmins extends FirstAdmins {
  constructor(private readonly sql: Sql) {
    super();
  }

  async lock(tx: Transaction, email: string): Promise<{ userId: string; roles: readonly Role[]; isAnotherAdmin: boolean } | undefined> {
    const statements = this.sql.in(tx);
    await lockAdminList(statements);
    const [row] = await statements.query<{ id: string; roles: Role[]; isAnotherAdmin: boolean }>(LOCK, [email]);
    return row && { userId: typeId('usr', row.id), roles: row.roles, isAnotherAdmin: row.isAnotherAdmin };
  }

  async setRoles(tx: Transaction, userId: string, roles: readonly Role[]): Promise<void> {
    await this.sql.in(tx).query('update users set roles = $2, version = version + 1 where id = $1', [uuidOfOwn('usr', userId), roles]);
  }
}
