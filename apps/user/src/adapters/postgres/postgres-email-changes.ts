import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { EmailChanges } from '../../application/message-ports';
import type { EmailChange } from '../../domain/mail';

const WISH = `insert into email_changes (user_id, old_email, new_email, expires_at) values ($1, $2, $3, $4)
  on conflict (user_id) do update set old_email = $2, new_email = $3, expires_at = $4, old_confirmed_at = null, new_confirmed_at = null`;

const FIND = `select user_id as "userId", old_email as "oldEmail", new_email as "newEmail", expires_at as "expiresAt",
  old_confirmed_at is not null as "oldConfirmed", new_confirmed_at is not null as "newConfirmed" from email_changes where user_id = $1 and expires_at > $2`;

const CONFIRM = `update email_changes set old_confirmed_at = case when $2 then coalesce(old_confirmed_at, $4) end,
  new_confirmed_at = case when $3 then coalesce(new_confirmed_at, $4) end where user_id = $1`;

@Injectable()
export class PostgresEmailChanges extends EmailChanges {
  constructor(private readonly sql: Sql) {
    super();
  }

  async wish(tx: Transaction, change: EmailChange, at: Date): Promise<void> {
    const { userId, oldEmail, newEmail, expiresAt } = change;
    await this.sql.in(tx).query(WISH, [uuidOfOwn('usr', userId), oldEmail, newEmail, expiresAt]);
    await this.confirm(tx, change, at);
  }

  async find(tx: Transaction, userId: string, now: Date): Promise<EmailChange | undefined> {
    const [row] = await this.sql.in(tx).query<EmailChange>(FIND, [uuidOfOwn('usr', userId), now]);
    return row && { ...row, userId: typeId('usr', row.userId) };
  }

  async confirm(tx: Transaction, { userId, oldConfirmed, newConfirmed }: EmailChange, at: Date): Promise<void> {
    await this.sql.in(tx).query(CONFIRM, [uuidOfOwn('usr', userId), oldConfirmed, newConfirmed, at]);
  }

  async end(tx: Transaction, userId: string): Promise<void> {
    await this.sql.in(tx).query('delete from email_changes where user_id = $1', [uuidOfOwn('usr', userId)]);
  }
}
