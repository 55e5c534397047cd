import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type MailedToken, MailedTokens, type WantedToken } from '../../application/message-ports';
import type { LinkPurpose } from '../../domain/mail';

const INSERT = `insert into mailed_tokens (token_hash, purpose, user_id, email, issued_at, expires_at) values (decode($1, 'hex'), $2, $3, $4, $5, $6)`;

const GOOD = `token_hash = decode($1, 'hex') and purpose = any($2) and used_at is null and expires_at > $3`;

const FIND = `select encode(token_hash, 'hex') as hash, purpose, user_id as "userId", email, issued_at as "issuedAt", expires_at as "expiresAt" from mailed_tokens where ${GOOD}`;

// What has not been handed over would only carry a link that is void.
const DROP_MESSAGES = `update account_messages set state = 'dropped', reason = 'replaced', sealed = null, ended_at = now()
  where user_id = $1 and kind = any($2) and state = 'planned'`;

@Injectable()
export class PostgresMailedTokens extends MailedTokens {
  constructor(private readonly sql: Sql) {
    super();
  }

  async issue(tx: Transaction, { hash, purpose, userId, email, issuedAt, expiresAt }: MailedToken): Promise<void> {
    await this.void(tx, userId, [purpose]);
    await this.sql.in(tx).query(INSERT, [hash, purpose, uuidOfOwn('usr', userId), email, issuedAt, expiresAt]);
  }

  async find({ hash, purposes, now }: WantedToken, tx?: Transaction): Promise<MailedToken | undefined> {
    const [row] = await (tx ? this.sql.in(tx) : this.sql).query<MailedToken>(FIND, [hash, purposes, now]);
    return row && { ...row, userId: typeId('usr', row.userId) };
  }

  async use(tx: Transaction, { hash, purposes, now }: WantedToken): Promise<boolean> {
    return (await this.sql.in(tx).query(`update mailed_tokens set used_at = $3 where ${GOOD} returning 1`, [hash, purposes, now])).length === 1;
  }

  async void(tx: Transaction, userId: string, purposes: readonly LinkPurpose[]): Promise<void> {
    const values = [uuidOfOwn('usr', userId), purposes];
    await this.sql.in(tx).query('delete from mailed_tokens where user_id = $1 and purpose = any($2) and used_at is null', values);
    await this.sql.in(tx).query(DROP_MESSAGES, values);
  }
}
