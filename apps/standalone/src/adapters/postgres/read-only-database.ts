import { HeardClient } from '@libs/postgres/heard-client';
import { type Client, types } from 'pg';
import type { Database } from '../../verify/invariant';

const INT8 = 20;
const ROWS_AT_ONCE = 2_000;

/** A session that cannot write, whatever it is asked. */
export class ReadOnlyDatabase implements Database {
  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<ReadOnlyDatabase> {
    types.setTypeParser(INT8, Number);
    const client = new HeardClient({ connectionString: url, options: '-c default_transaction_read_only=on' });
    await client.connect();
    return new ReadOnlyDatabase(client);
  }

  async query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.client.query(sql, [...values])).rows as Row[]; // The caller names the columns that its SQL selects.
  }

  async each<Row>(sql: string, take: (row: Row) => void): Promise<void> {
    await this.client.query('begin isolation level repeatable read');
    try {
      await this.client.query(`declare all_rows no scroll cursor for ${sql}`);
      for (;;) {
        const { rows } = await this.client.query(`fetch ${ROWS_AT_ONCE} from all_rows`);
        for (const row of rows) take(row as Row);
        if (rows.length < ROWS_AT_ONCE) return;
      }
    } finally {
      await this.client.query('rollback');
    }
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
