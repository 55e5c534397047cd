import type { Topic } from '@libs/contracts/events';
import type { Sql } from '@libs/postgres/sql';
import type { Transactions } from '@libs/postgres/transaction';
import { type Bus, RETENTION_DAYS } from './bus';
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

/** The log reaches back for `RETENTION_DAYS` only. */
export class LogIncomplete extends Error {
  override name = 'LogIncomplete';
}

/** Before its cursors are set back: up to where the consumer will be told what it knows. */
const REMEMBER = `
  insert into replays as r (consumer, topic, key, to_kseq)
  select c.consumer, c.topic, c.key, c.last_kseq
    from inbox_cursor c join unnest($2::text[], $3::text[], $4::bigint[]) u (topic, key, first) on u.topic = c.topic and u.key = c.key
   where c.consumer = $1 and c.last_kseq >= u.first
      on conflict (consumer, topic, key) do update set to_kseq = greatest(r.to_kseq, excluded.to_kseq)`;
const KNOWN = 'select topic, key from inbox_cursor where consumer = $1 and topic = any ($2) and last_kseq > 0';
const SET_CURSORS = `
  insert into inbox_cursor (consumer, topic, key, last_kseq)
  select $1, t, k, n from unnest($2::text[], $3::text[], $4::bigint[]) u (t, k, n)`;

/**
 * Empties a projection and puts its consumer back, so that its next passes fill it anew. From a time on the log holds some keys' later
 * events only: their cursors are set to the event before the first that will come. From the beginning it must hold everything.
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { bus, sql, transactions, consumer, topics, tables, since } = options;
  // Before all of the log is read for it.
  if (!since && (await bus.starts(topics)).length > 0) throw new LogIncomplete(`the log of events reaches back ${RETENTION_DAYS} days and this exchange is older`);
  const { firsts, events } = await firstEvents(options);
  if (!since) await requireWhole(options, firsts);
  await transactions.run(async (tx) => {
    const statements = sql.in(tx);
    for (const table of tables) await statements.query(`truncate ${table.split('.').map((part) => `"${part.replaceAll('"', '""')}"`).join('.')} cascade`);
    await statements.query(REMEMBER, [consumer, firsts.map(({ topic }) => topic), firsts.map(({ key }) => key), firsts.map(({ kseq }) => kseq)]);
    await statements.query('delete from parked where consumer = $1 and topic = any ($2)', [consumer, topics]);
    await statements.query('delete from inbox_cursor where consumer = $1 and topic = any ($2)', [consumer, topics]);
    const late = firsts.filter(({ kseq }) => kseq > 1);
    await statements.query(SET_CURSORS, [consumer, late.map(({ topic }) => topic), late.map(({ key }) => key), late.map(({ kseq }) => kseq - 1)]);
  });
  await bus.subscribe(consumer, topics);
  await bus.rewind(consumer, topics, since);
  return { keys: firsts.length, events };
}

async function requireWhole({ sql, consumer, topics }: ReplayOptions, firsts: readonly First[]): Promise<void> {
  const known = await sql.query<{ topic: string; key: string }>(KNOWN, [consumer, topics]);
  const there = new Set(firsts.filter(({ kseq }) => kseq === 1).map(idOf));
  const cut = new Set([...known, ...firsts].map(idOf).filter((id) => !there.has(id)));
  if (cut.size > 0) throw new LogIncomplete(`the log does not reach back to the beginning of ${cut.size} keys`);
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
    const known = firsts.get(idOf({ topic, key }));
    if (known) known.kseq = Math.min(known.kseq, kseq);
    else firsts.set(idOf({ topic, key }), { topic, key, kseq });
  } catch (error) {
    if (!(error instanceof BadLine)) throw error; // The consumer parks it.
  }
}

function idOf({ topic, key }: { readonly topic: string; readonly key: string }): string {
  return `${topic}\n${key}`;
}
