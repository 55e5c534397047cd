import type { Topic } from '@libs/contracts/events';
import { AppError } from '@libs/kernel/app-error';
import type { Statements } from '@libs/postgres/sql';
import { parseLine } from '../event-line';
import { moveCursor } from './cursors';
import type { Deliveries, DeliveryOptions } from './deliveries';

export const TRIES = 5;
const LOOK_MS = 1_000;
const KEYS_A_LOOK_MAX = 100;
const ERROR_CHARACTERS_MAX = 500;

/** Waiting events whose turn has come: what they waited for has taken effect, or a person has resumed them. */
const DUE = `
  from inbox_cursor c join parked p on p.consumer = c.consumer and p.topic = c.topic and p.key = c.key and p.kseq = c.last_kseq + 1
 where c.consumer = $1 and c.has_parked and p.status = 'waiting'`;

interface Key {
  readonly topic: Topic;
  readonly key: string;
}

/** Transient failures are of the surroundings, not of the event: they are tried for ever. */
export function isTransient(error: unknown): boolean {
  return error instanceof AppError && error.retryable;
}

export function textOf(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, ERROR_CHARACTERS_MAX);
}

/** The events that wait in `parked`, one key at a time. */
export class ParkedQueue {
  private lookAt = 0;

  constructor(
    private readonly options: DeliveryOptions,
    private readonly deliveries: Deliveries,
  ) {}

  /** There may be some whose turn has come. */
  look(): void {
    this.lookAt = 0;
  }

  async due(): Promise<number> {
    const [row] = await this.options.sql.query<{ events: number }>(`select count(*) as events ${DUE}`, [this.options.name]);
    return row?.events ?? 0;
  }

  /** Applies what is due; another process may have resumed a key, so it looks once a second in any case. */
  async drain(until: number): Promise<void> {
    if (performance.now() < this.lookAt) return;
    this.lookAt = performance.now() + LOOK_MS;
    const keys = await this.options.sql.query<Key>(`select c.topic, c.key ${DUE} limit ${KEYS_A_LOOK_MAX}`, [this.options.name]);
    for (const key of keys) while (performance.now() < until && (await this.next(key)));
  }

  /** Answers whether an event of the key took effect. */
  private async next({ topic, key }: Key): Promise<boolean> {
    const { sql, transactions, name } = this.options;
    const values = [name, topic, key];
    let kseq = 0;
    try {
      return await transactions.run(async (tx) => {
        const statements = sql.in(tx);
        const [cursor] = await statements.query<{ last_kseq: number }>('select last_kseq from inbox_cursor where consumer = $1 and topic = $2 and key = $3 for update', values);
        kseq = (cursor?.last_kseq ?? 0) + 1;
        const [row] = await statements.query<{ event: string }>(
          `delete from parked where consumer = $1 and topic = $2 and key = $3 and kseq = $4 and status = 'waiting' returning event`,
          [...values, kseq],
        );
        if (!row) return await this.end(statements, values);
        await moveCursor(statements, { consumer: name, topic, key, kseq });
        const line = parseLine(row.event);
        if (this.deliveries.handles(line.type)) await this.deliveries.effectOf(line)(tx);
        return true;
      });
    } catch (error) {
      if (!isTransient(error)) await this.failed([...values, kseq], error);
      return false;
    }
  }

  /** Nothing of the key is due. */
  private async end(statements: Statements, values: readonly unknown[]): Promise<false> {
    await statements.query(
      `update inbox_cursor c set has_parked = false where consumer = $1 and topic = $2 and key = $3
          and not exists (select from parked p where p.consumer = c.consumer and p.topic = c.topic and p.key = c.key)`,
      values,
    );
    return false;
  }

  private async failed(values: readonly unknown[], error: unknown): Promise<void> {
    await this.options.sql.query(
      `update parked set attempts = attempts + 1, last_at = now(), error = $5, status = case when attempts + 1 >= ${TRIES} then 'poison' else 'waiting' end
        where consumer = $1 and topic = $2 and key = $3 and kseq = $4`,
      [...values, textOf(error)],
    );
  }
}
