import { Injectable } from '@nestjs/common';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { PreferenceBook } from '../../application/ports';
import type { Channel, EventName } from '../../domain/catalogue';
import type { Preferences } from '../../domain/preferences';
import { preferencesOf } from './message-row';

type Row = NonNullable<Parameters<typeof preferencesOf>[0]>;

const WRITE = `insert into preferences (user_id, choices, time_zone, quiet_from, quiet_until) values ($1, $2, $3, $4, $5)
  on conflict (user_id) do update set choices = preferences.choices || excluded.choices, time_zone = excluded.time_zone, quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until`;

@Injectable()
export class PostgresPreferences extends PreferenceBook {
  constructor(private readonly sql: Sql) {
    super();
  }

  of(userId: string): Promise<Preferences> {
    return readFrom(this.sql, userId);
  }

  read(tx: Transaction, userId: string): Promise<Preferences> {
    return readFrom(this.sql.in(tx), userId);
  }

  async write(tx: Transaction, userId: string, { choices, timeZone, quiet }: Preferences): Promise<void> {
    await this.sql.in(tx).query(WRITE, [uuidOfOwn('usr', userId), JSON.stringify(choices), timeZone, quiet?.from ?? null, quiet?.until ?? null]);
  }

  async switchOff(userId: string, event: EventName, channel: Channel): Promise<void> {
    const OFF = `insert into preferences (user_id, choices) values ($1, jsonb_build_object($2::text, false)) on conflict (user_id) do update set choices = preferences.choices || excluded.choices`;
    await this.sql.query(OFF, [uuidOfOwn('usr', userId), `${event}/${channel}`]);
  }
}

async function readFrom(statements: Statements, userId: string): Promise<Preferences> {
  const rows = await statements.query<Row>('select * from preferences where user_id = $1', [uuidOfOwn('usr', userId)]);
  return preferencesOf(rows[0]);
}
