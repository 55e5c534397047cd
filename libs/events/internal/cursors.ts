import type { Topic } from '@libs/contracts/events';
import type { Statements } from '@libs/postgres/sql';

/** Which event of which consumer. */
export interface Place {
  readonly consumer: string;
  readonly topic: Topic;
  readonly key: string;
  readonly kseq: number;
}

/** Consecutive events of a key, from `first` on, that a consumer passes over. */
export interface Run {
  readonly topic: Topic;
  readonly key: string;
  readonly first: number;
  readonly lines: string[];
}

export function lastOf(run: Run): number {
  return run.first + run.lines.length - 1;
}

/** A missing cursor counts as 0. */
const MOVE_FIRST = `
  insert into inbox_cursor as c (consumer, topic, key, last_kseq) values ($1, $2, $3, $4)
      on conflict (consumer, topic, key) do update set last_kseq = excluded.last_kseq where c.last_kseq = excluded.last_kseq - 1
  returning has_parked`;

const MOVE = `update inbox_cursor set last_kseq = $4 where consumer = $1 and topic = $2 and key = $3 and last_kseq = $4 - 1 returning has_parked`;

const HOLD = `
  insert into inbox_cursor as c (consumer, topic, key, last_kseq, has_parked) values ($1, $2, $3, 0, true)
      on conflict (consumer, topic, key) do update set has_parked = true
  returning last_kseq`;

const PASS_FIRST = `
  insert into inbox_cursor as c (consumer, topic, key, last_kseq)
  select $1, r.* from unnest($2::text[], $3::text[], $4::bigint[]) r
      on conflict (consumer, topic, key) do update set last_kseq = excluded.last_kseq where c.last_kseq < excluded.last_kseq
  returning topic, key, has_parked`;

const PASS = `
  with run as materialized (select * from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) r (topic, key, first, last)),
       held as materialized (
         select c.topic, c.key, r.last from inbox_cursor c join run r on c.topic = r.topic and c.key = r.key
          where c.consumer = $1 and c.last_kseq >= r.first - 1 and c.last_kseq < r.last
          order by c.topic, c.key for update of c)
  update inbox_cursor c set last_kseq = held.last from held
   where c.consumer = $1 and c.topic = held.topic and c.key = held.key and c.last_kseq < held.last
  returning c.topic, c.key, c.has_parked`;

const TAKE_FIRST = `
  insert into inbox_cursor as c (consumer, topic, key, last_kseq)
  select $1, r.* from unnest($2::text[], $3::text[], $4::bigint[]) r
      on conflict (consumer, topic, key) do update set last_kseq = excluded.last_kseq where c.last_kseq = 0
  returning topic, key, has_parked`;

const TAKE = `
  with run as materialized (select * from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) r (topic, key, first, last)),
       held as materialized (
         select c.topic, c.key, r.last from inbox_cursor c join run r on c.topic = r.topic and c.key = r.key
          where c.consumer = $1 and c.last_kseq = r.first - 1
          order by c.topic, c.key for update of c)
  update inbox_cursor c set last_kseq = held.last from held
   where c.consumer = $1 and c.topic = held.topic and c.key = held.key
  returning c.topic, c.key, c.has_parked`;

export interface Moved {
  /** Whether events of the key wait in `parked`. */
  readonly hasParked: boolean;
}

/** Moves the cursor onto this event, in the transaction of its effect; undefined when it was seen before, or comes too early. */
export async function moveCursor(statements: Statements, { consumer, topic, key, kseq }: Place): Promise<Moved | undefined> {
  const [row] = await statements.query<{ has_parked: boolean }>(kseq === 1 ? MOVE_FIRST : MOVE, [consumer, topic, key, kseq]);
  return row && { hasParked: row.has_parked };
}

/** The last event of the key that took effect. */
export async function readCursor(statements: Statements, { consumer, topic, key }: Place): Promise<number> {
  const [row] = await statements.query<{ last_kseq: number }>('select last_kseq from inbox_cursor where consumer = $1 and topic = $2 and key = $3', [consumer, topic, key]);
  return row?.last_kseq ?? 0;
}

/** Locks the key's cursor, which then says that events of the key wait. Answers the last one that took effect. */
export async function holdCursor(statements: Statements, { consumer, topic, key }: Place): Promise<number> {
  const [row] = await statements.query<{ last_kseq: number }>(HOLD, [consumer, topic, key]);
  return row?.last_kseq ?? 0;
}

/** Moves cursors over events that the consumer does not handle. Answers the keys that moved, and whether each has parked events. */
export function passOver(statements: Statements, consumer: string, runs: readonly Run[]): Promise<Map<string, Moved>> {
  return moveRuns(statements, consumer, runs, { first: PASS_FIRST, later: PASS });
}

/** Moves cursors over events that are about to take effect. A key does not move when its run is not exactly what comes next. */
export function takeRuns(statements: Statements, consumer: string, runs: readonly Run[]): Promise<Map<string, Moved>> {
  return moveRuns(statements, consumer, runs, { first: TAKE_FIRST, later: TAKE });
}

/** Sorted, so that two who move the same keys lock them in the same order. */
async function moveRuns(statements: Statements, consumer: string, runs: readonly Run[], move: { first: string; later: string }): Promise<Map<string, Moved>> {
  const sorted = [...runs].sort((a, b) => (runId(a) < runId(b) ? -1 : 1));
  const fromOne = sorted.filter((run) => run.first === 1);
  const later = sorted.filter((run) => run.first > 1);
  const rows: { topic: string; key: string; has_parked: boolean }[] = [];
  if (fromOne.length > 0) rows.push(...(await statements.query<(typeof rows)[number]>(move.first, [consumer, ...columns(fromOne), fromOne.map(lastOf)])));
  if (later.length > 0) rows.push(...(await statements.query<(typeof rows)[number]>(move.later, [consumer, ...columns(later), later.map((run) => run.first), later.map(lastOf)])));
  return new Map(rows.map((row) => [runId(row), { hasParked: row.has_parked }]));
}

export function runId({ topic, key }: { readonly topic: string; readonly key: string }): string {
  return `${topic}\n${key}`;
}

function columns(runs: readonly Run[]): [string[], string[]] {
  return [runs.map((run) => run.topic), runs.map((run) => run.key)];
}

interface Park {
  readonly event: string;
  readonly status: 'poison' | 'waiting';
  readonly error?: string;
  readonly attempts: number;
}

/** Puts an event aside; the key's cursor must be held. What is there already stays. */
export async function park(statements: Statements, { consumer, topic, key, kseq }: Place, { event, status, error, attempts }: Park): Promise<void> {
  await statements.query(
    `insert into parked (consumer, topic, key, kseq, event, status, error, attempts) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [consumer, topic, key, kseq, event, status, error ?? null, attempts],
  );
}
