import { Injectable } from '@nestjs/common';
import { typeId, uuidOf } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type ParkedMessage, ParkedMessages } from '../../application/ports';
import { requireStep } from '../../domain/delivery';
import type { MessageRow } from './message-row';

const LIST = `select * from messages where state = 'parked' order by id limit $1`;
const RESUME = `update messages set state = 'planned', attempts = 0, looks = 0, next_at = now(), leased_until = null, created_at = now()
  where state = 'parked' and ($1::uuid is null or id = $1) returning id`;

@Injectable()
export class PostgresParkedMessages extends ParkedMessages {
  constructor(private readonly sql: Sql) {
    super();
  }

  async list(limit: number): Promise<ParkedMessage[]> {
    const rows = await this.sql.query<MessageRow>(LIST, [limit]);
    return rows.map(({ id, kind, channel, user_id: userId, reason, attempts, created_at: createdAt }) => ({ id: typeId('ntf', id), kind, channel, userId: typeId('usr', userId), reason: reason ?? '', attempts, createdAt }));
  }

  async resume(id: string | undefined): Promise<number> {
    requireStep('parked', 'planned');
    const uuid = id === undefined ? null : uuidOf('ntf', id);
    return uuid === undefined ? 0 : (await this.sql.query(RESUME, [uuid])).length;
  }
}
