import { Injectable } from '@nestjs/common';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type CommandKey, type KeptAnswer, KeptAnswers } from '../../application/ports';

const TAKE = `insert into command_answers (user_id, key, body_hash) values ($1, $2, sha256(convert_to($3, 'UTF8'))) on conflict do nothing returning 1`;
const READ = `select body_hash = sha256(convert_to($3, 'UTF8')) as "isSameBody", answer from command_answers where user_id = $1 and key = $2`;

@Injectable()
export class PostgresKeptAnswers extends KeptAnswers {
  constructor(private readonly sql: Sql) {
    super();
  }

  async take(tx: Transaction, { userId, key, body }: CommandKey): Promise<KeptAnswer | undefined> {
    const values = [uuidOfOwn('usr', userId), key, body];
    const taken = await this.sql.in(tx).query(TAKE, values);
    if (taken.length > 0) return undefined;
    const [row] = await this.sql.in(tx).query<{ isSameBody: boolean; answer: unknown }>(READ, values);
    return row && { isSameBody: row.isSameBody, answer: row.answer ?? undefined };
  }

  async keep(tx: Transaction, { userId, key }: CommandKey, answer: unknown): Promise<void> {
    await this.sql.in(tx).query('update command_answers set answer = $3 where user_id = $1 and key = $2', [uuidOfOwn('usr', userId), key, JSON.stringify(answer)]);
  }

  async prune(): Promise<void> {
    await this.sql.query(`delete from command_answers where taken_at < now() - interval '25 hours'`);
  }
}
