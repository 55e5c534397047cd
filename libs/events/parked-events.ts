import type { Sql } from '@libs/postgres/sql';
import type { Transactions } from '@libs/postgres/transaction';

/** An event that was tried in vain. Later events of its key wait behind it. */
export interface ParkedEvent {
  readonly consumer: string;
  readonly topic: string;
  readonly key: string;
  readonly kseq: number;
  /** The event as it was sent: one line of JSON. */
  readonly event: string;
  readonly error: string;
  readonly attempts: number;
  readonly firstAt: Date;
  readonly waitingBehind: number;
}

export interface ParkedKey {
  readonly consumer: string;
  readonly topic: string;
  readonly key: string;
}

const LIST = `
  select p.consumer, p.topic, p.key, p.kseq, p.event, coalesce(p.error, '') as error, p.attempts, p.first_at as "firstAt",
         (select count(*) from parked w where w.consumer = p.consumer and w.topic = p.topic and w.key = p.key and w.status = 'waiting') as "waitingBehind"
    from parked p where p.status = 'poison' order by p.first_at, p.consumer, p.topic, p.key, p.kseq limit $1`;

/** What needs a person, of one service's consumers: each key is resumed when its cause is mended, or its event skipped. */
export class ParkedEvents {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {}

  async list(limit = 100): Promise<ParkedEvent[]> {
    return this.sql.query<ParkedEvent>(LIST, [limit]);
  }

  /** How many wait for a person. */
  async count(): Promise<number> {
    const [row] = await this.sql.query<{ events: number }>(`select count(*) as events from parked where status = 'poison'`);
    return row?.events ?? 0;
  }

  /** The consumer tries the key again within a second or so. Answers whether there was anything to resume. */
  async resume({ consumer, topic, key }: ParkedKey): Promise<boolean> {
    const resumed = await this.sql.query(
      `update parked set status = 'waiting', attempts = 0 where consumer = $1 and topic = $2 and key = $3 and status = 'poison' returning kseq`,
      [consumer, topic, key],
    );
    return resumed.length > 0;
  }

  /** Gives the event up: its effect never happens, and the key goes on behind it. Answers whether there was one to skip. */
  async skip({ consumer, topic, key }: ParkedKey): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      const cursor = 'consumer = $1 and topic = $2 and key = $3';
      const gone = await statements.query<{ kseq: number }>(`delete from parked where ${cursor} and status = 'poison' returning kseq`, [consumer, topic, key]);
      for (const { kseq } of gone) await statements.query(`update inbox_cursor set last_kseq = $4 where ${cursor} and last_kseq = $4 - 1`, [consumer, topic, key, kseq]);
      return gone.length > 0;
    });
  }
}
