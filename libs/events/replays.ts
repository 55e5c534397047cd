import type { Sql, Statements } from '@libs/postgres/sql';
import type { Place } from './internal/cursors';

const FORGET_PASSED = `
  delete from replays r using inbox_cursor c
   where r.consumer = $1 and c.consumer = r.consumer and c.topic = r.topic and c.key = r.key and c.last_kseq >= r.to_kseq`;

/** What a consumer is told a second time after a replay, until it is where it was. */
export class Replays {
  constructor(private readonly sql: Sql) {}

  /** Whether the consumer has yet to hear events again: what it keeps may be as of some time ago until then. */
  async isUnderWay(consumer: string): Promise<boolean> {
    const [row] = await this.sql.query<{ under_way: boolean }>('select exists (select from replays where consumer = $1) as under_way', [consumer]);
    return row?.under_way ?? false;
  }

  /** Lets go of the keys that are where they were. */
  async forgetPassed(consumer: string): Promise<void> {
    await this.sql.query(FORGET_PASSED, [consumer]);
  }

  /** Whether the event had been told before. */
  async includes(statements: Statements, { consumer, topic, key, kseq }: Place): Promise<boolean> {
    const [row] = await statements.query<{ to_kseq: number }>('select to_kseq from replays where consumer = $1 and topic = $2 and key = $3', [consumer, topic, key]);
    return kseq <= (row?.to_kseq ?? 0);
  }
}
