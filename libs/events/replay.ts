import type { Topic } from '@libs/contracts/events';
import type { Sql } from '@libs/postgres/sql';
import type { Transactions } from '@libs/postgres/transaction';
import type { Bus } from './bus';
import { BadLine, parseLine } from './event-line';

export interface ReplayOptions {
  readonly bus: Bus;
  readonly sql: Sql;
  readonly transactions: Transactions;
  /** Its consumer must not be at work meanwhile. */
  readonly consumer: string;
  readonly topics: readonly Topic[];
  /** What the consumer keeps from these topics, and from nothing else: emptied in the same transaction that sets the cursors. */
  readonly tables: readonly string[];
  /** Without it from the beginning of the log. */
  readonly since?: Date;
}

export interface Replayed {
  readonly keys: number;
  readonly events: number;
}

const SET_CURSORS = `
  insert into inbox_cursor (consumer, topic, key, last_kseq)
  select $1, t, k, n from unnest($2::text[], $3::text[], $4::bigint[]) u (t, k, n)`;

/**
 * Empties a projection and puts its consumer back, so that its next passes fill it anew. The log may hold a key's later
 * events only: its cursor is set to the event before the first that will come.
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { bus, sql, transactions, consumer, topics, tables, since } = options;
  const { firsts, events } = await firstEvents(options);
  await transactions.run(async (tx) => {
    const statements = sql.in(tx);
    for (const table of tables) await statements.query(`truncate ${table.split('.').map((part) => `"${part.replaceAll('"', '""')}"`).join('.')} cascade`);
    await statements.query('delete from parked where consumer = $1 and topic = any ($2)', [consumer, topics]);
    await statements.query('delete from inbox_cursor where consumer = $1 and topic = any ($2)', [consumer, topics]);
    const late = firsts.filter(({ kseq }) => kseq > 1);
    await statements.query(SET_CURSORS, [consumer, late.map(({ topic }) => topic), late.map(({ key }) => key), late.map(({ kseq }) => kseq - 1)]);
  });
  await bus.subscribe(consumer, topics);
  await bus.rewind(consumer, topics, since);
  return { keys: firsts.length, events };
}

interface First {
  readonly topic: Topic;
  readonly key: string;
  kseq: number;
}

/** Reads ahead as a group of its own, which is forgotten afterwards. */
async function firstEvents({ bus, consumer, topics, since }: ReplayOptions): Promise<{ firsts: First[]; events: number }> {
  const reader = `${consumer}.replay`;
  const firsts = new Map<string, First>();
  let events = 0;
  await bus.subscribe(reader, topics);
  try {
    if (since) await bus.rewind(reader, topics, since); // A new group begins at the beginning.
    while ((await bus.lag(reader, topics)) > 0) {
      const batches = await bus.read(reader, topics);
      for (const line of batches.flatMap((batch) => batch.lines)) {
        events += 1;
        note(firsts, line);
      }
      await bus.commit(reader, batches.map(({ topic, partition, from, lines }) => ({ topic, partition, offset: from + lines.length })));
    }
  } finally {
    await bus.forget(reader);
  }
  return { firsts: [...firsts.values()], events };
}

function note(firsts: Map<string, First>, text: string): void {
  try {
    const { topic, key, kseq } = parseLine(text);
    const known = firsts.get(`${topic}\n${key}`);
    if (known) known.kseq = Math.min(known.kseq, kseq);
    else firsts.set(`${topic}\n${key}`, { topic, key, kseq });
  } catch (error) {
    if (!(error instanceof BadLine)) throw error; // The consumer parks it.
  }
}
