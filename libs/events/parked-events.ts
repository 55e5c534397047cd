import type { Sql, Statements } from '@libs/postgres/sql';
import type { Transactions } from '@libs/postgres/transaction';

/** Which parked event. */
export interface ParkedPlace {
  readonly consumer: string;
  readonly topic: string;
  readonly key: string;
  readonly kseq: number;
}

/** An event that was tried in vain. Later events of its key wait behind it. */
export interface ParkedEvent extends ParkedPlace {
  /** The event as it was sent: one line of JSON. */
  readonly event: string;
  readonly error: string;
  readonly attempts: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly waitingBehind: number;
}

/** Who decided about a parked event, and why: it is written down with the event. */
export interface Decision {
  readonly by: string;
  readonly reason: string;
}

/** Where a page begins: behind this event. */
export interface After {
  readonly firstAtMs: number;
  readonly id: string;
}

const COLUMNS = `
  p.consumer, p.topic, p.key, p.kseq, p.event, coalesce(p.error, '') as error, p.attempts, date_trunc('milliseconds', p.first_at) as "firstAt", p.last_at as "lastAt",
  (select count(*) from parked w where w.consumer = p.consumer and w.topic = p.topic and w.key = p.key and w.status = 'waiting') as "waitingBehind"`;
/** As `parkedId` writes it. */
const ID = `(p.consumer || '~' || p.topic || '~' || replace(p.key, '/', '+') || '~' || p.kseq) collate "C"`;
const PAGE = `
  select ${COLUMNS} from parked p
   where p.status = 'poison' and ($1::timestamptz is null or (date_trunc('milliseconds', p.first_at), ${ID}) < ($1, $2::text collate "C"))
   order by date_trunc('milliseconds', p.first_at) desc, ${ID} desc limit $3`;
const AT = 'consumer = $1 and topic = $2 and key = $3 and kseq = $4';
const NOTE = `insert into parked_decisions (decision, decided_by, reason, consumer, topic, key, kseq, event, error, attempts)
  select $5, $6, $7, consumer, topic, key, kseq, event, error, attempts from parked where ${AT} and status = 'poison' returning 1 as noted`;

/** What needs a person, of one service's consumers: each key is resumed when its cause is mended, or its event skipped. */
export class ParkedEvents {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {}

  /** Newest first. */
  async list(limit = 100, after?: After): Promise<ParkedEvent[]> {
    return this.sql.query<ParkedEvent>(PAGE, [after ? new Date(after.firstAtMs) : null, after?.id ?? null, limit]);
  }

  async find(place: ParkedPlace): Promise<ParkedEvent | undefined> {
    const [row] = await this.sql.query<ParkedEvent>(`select ${COLUMNS} from parked p where ${AT} and p.status = 'poison'`, valuesOf(place));
    return row;
  }

  /** How many wait for a person. */
  async count(): Promise<number> {
    const [row] = await this.sql.query<{ events: number }>(`select count(*) as events from parked where status = 'poison'`);
    return row?.events ?? 0;
  }

  /** By topic and by why: the class of the error, such as TypeError. */
  async counts(): Promise<{ topic: string; reason: string; events: number }[]> {
    return this.sql.query(`select topic, substring(coalesce(error, '') from '^[A-Za-z]{1,40}') as reason, count(*) as events from parked where status = 'poison' group by 1, 2`);
  }

  /** The consumer tries the key again within a second or so. Answers whether there was anything to resume; what cannot be read never is. */
  async resume(place: ParkedPlace, decision: Decision): Promise<boolean> {
    if (isUnreadable(place)) return false;
    return this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      if (!(await this.note(statements, 'retry', place, decision))) return false;
      await statements.query(`update parked set status = 'waiting', attempts = 0 where ${AT}`, valuesOf(place));
      return true;
    });
  }

  /** Gives the event up: its effect never happens, and the key goes on behind it. Answers whether there was one to skip. */
  async skip(place: ParkedPlace, decision: Decision): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      if (!(await this.note(statements, 'discard', place, decision))) return false;
      await statements.query(`delete from parked where ${AT}`, valuesOf(place));
      await statements.query('update inbox_cursor set last_kseq = $4 where consumer = $1 and topic = $2 and key = $3 and last_kseq = $4 - 1', valuesOf(place));
      return true;
    });
  }

  private async note(statements: Statements, decision: 'retry' | 'discard', place: ParkedPlace, { by, reason }: Decision): Promise<boolean> {
    // Under the event's lock: of two who decide at once, the second finds nothing to decide about.
    await statements.query(`select 1 as locked from parked where ${AT} for update`, valuesOf(place));
    return (await statements.query(NOTE, [...valuesOf(place), decision, by, reason])).length > 0;
  }
}

const valuesOf = ({ consumer, topic, key, kseq }: ParkedPlace) => [consumer, topic, key, kseq];

/** A line that no event could be made of is parked under its place in the log. */
export function isUnreadable({ key }: Pick<ParkedPlace, 'key'>): boolean {
  return key.startsWith('unreadable/');
}

const ID_FORM = /^([a-z]+)~([a-z_.]+)~([A-Za-z0-9_+-]+)~(\d{1,15})$/;

/** A parked event's name among all of the exchange: `<consumer>~<topic>~<key>~<number>`. */
export function parkedId({ consumer, topic, key, kseq }: ParkedPlace): string {
  return [consumer, topic, key.replace('/', '+'), kseq].join('~');
}

export function parkedPlace(id: string): ParkedPlace | undefined {
  const [, consumer, topic, key, kseq] = ID_FORM.exec(id) ?? [];
  if (consumer === undefined || topic === undefined || key === undefined) return undefined;
  return { consumer, topic, key: key.replace('+', '/'), kseq: Number(kseq) };
}
