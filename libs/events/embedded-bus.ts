import type { Topic } from '@libs/contracts/events';
import { invariant } from '@libs/kernel/invariant';
import type { Database } from '@libs/postgres/database';
import { Bus, PARTITIONS, partitionOf, RETENTION_DAYS, type BusBatch, type BusPosition, type BusRecord } from './bus';

const RECORDS_A_ROW_MAX = 100;
const ROWS_A_PARTITION_MAX = 8;
const ROWS_A_READ_MAX = 256;
/** Parts the rows of one call. */
const ROW_END = '\u0001';
const PRUNED_AT_ONCE = 5_000;

/** The first rows of every partition come before the second ones of any, so that none starves. */
const READ = `
  select l.topic, l.part, l.first_offset, l.lines, p.next_offset
    from bus_position p
    join bus_partition e on e.topic = p.topic and e.part = p.part and e.next_offset > p.next_offset
    cross join lateral (
      select l.*, row_number() over (order by first_offset) as n from bus_log l
       where l.topic = p.topic and l.part = p.part
         and l.first_offset > p.next_offset - ${RECORDS_A_ROW_MAX} and l.first_offset + l.record_count > p.next_offset
       order by l.first_offset limit ${ROWS_A_PARTITION_MAX}) l
   where p.consumer_group = $1 and p.topic = any ($2)
   order by l.n, l.topic, l.part limit ${ROWS_A_READ_MAX}`;

const COMMIT = `
  update bus_position p set next_offset = c.next_offset
    from unnest($2::text[], $3::int[], $4::bigint[]) c (topic, part, next_offset)
   where p.consumer_group = $1 and p.topic = c.topic and p.part = c.part and p.next_offset < c.next_offset`;

/** Where all is forgotten the next record will be the first. */
const STARTS = `
  select e.topic, e.part as partition, s.offset
    from bus_partition e
    cross join lateral (select coalesce((select min(l.first_offset) from bus_log l where l.topic = e.topic and l.part = e.part), e.next_offset) as offset) s
   where e.topic = any ($1) and s.offset > 0 order by e.topic, e.part`;

const LAG = `
  select coalesce(sum(e.next_offset - p.next_offset), 0)::bigint as lag
    from bus_position p join bus_partition e using (topic, part)
   where p.consumer_group = $1 and p.topic = any ($2)`;

/** A partition to which nothing was appended since then is at its end. */
const REWIND_TO = `
  update bus_position p
     set next_offset = coalesce((select min(l.first_offset) from bus_log l where l.topic = p.topic and l.part = p.part and l.appended_at >= $3),
                                (select e.next_offset from bus_partition e where e.topic = p.topic and e.part = p.part), 0)
   where p.consumer_group = $1 and p.topic = any ($2)`;

/** The log as tables of a PostgreSQL database of its own. */
export class EmbeddedBus extends Bus {
  readonly system = 'pairwise';
  private readonly listeners: ((topics: ReadonlySet<Topic>) => void)[] = [];

  constructor(private readonly database: Database) {
    super();
  }

  async append(records: readonly BusRecord[]): Promise<void> {
    if (records.length === 0) return;
    const rows = rowsOf(records);
    await this.database.sql.query('select bus_append_joined($1, $2, $3, $4)', [
      rows.map((row) => row.topic),
      rows.map((row) => row.partition),
      rows.map((row) => row.lines.length),
      rows.map((row) => row.lines.join('\n')).join(ROW_END),
    ]);
    const topics = new Set(rows.map((row) => row.topic));
    this.listeners.forEach((listener) => listener(topics));
  }

  async subscribe(group: string, topics: readonly Topic[]): Promise<void> {
    await this.database.sql.query(
      `insert into bus_position (consumer_group, topic, part)
       select $1, t, p from unnest($2::text[]) t, generate_series(0, $3::int - 1) p order by t, p on conflict do nothing`,
      [group, topics, PARTITIONS],
    );
  }

  async read(group: string, topics: readonly Topic[]): Promise<BusBatch[]> {
    const rows = await this.database.sql.query<{ topic: Topic; part: number; first_offset: number; lines: string; next_offset: number }>(READ, [group, topics]);
    const batches = new Map<string, { topic: Topic; partition: number; from: number; lines: string[] }>();
    for (const row of rows) {
      const id = `${row.topic}/${row.part}`;
      const lines = row.lines.split('\n');
      const known = batches.get(id);
      // The first row may begin before the position, and after it when what lay between is past the retention.
      const batch = known ?? { topic: row.topic, partition: row.part, from: Math.max(row.first_offset, row.next_offset), lines: [] };
      invariant(!known || known.from + known.lines.length === row.first_offset, `a gap in ${id} before ${row.first_offset}`);
      batch.lines.push(...(known ? lines : lines.slice(batch.from - row.first_offset)));
      batches.set(id, batch);
    }
    return [...batches.values()];
  }

  async commit(group: string, positions: readonly BusPosition[]): Promise<void> {
    if (positions.length === 0) return;
    await this.database.sql.query(COMMIT, [group, positions.map((p) => p.topic), positions.map((p) => p.partition), positions.map((p) => p.offset)]);
  }

  async rewind(group: string, topics: readonly Topic[], since?: Date): Promise<void> {
    await this.database.sql.query(since ? REWIND_TO : 'update bus_position set next_offset = 0 where consumer_group = $1 and topic = any ($2)', [group, topics, ...(since ? [since] : [])]);
  }

  async forget(group: string): Promise<void> {
    await this.database.sql.query('delete from bus_position where consumer_group = $1', [group]);
  }

  async ends(topics: readonly Topic[]): Promise<BusPosition[]> {
    return this.database.sql.query<BusPosition>(
      'select topic, part as partition, next_offset as offset from bus_partition where topic = any ($1) and next_offset > 0 order by topic, part',
      [topics],
    );
  }

  async starts(topics: readonly Topic[]): Promise<BusPosition[]> {
    return this.database.sql.query<BusPosition>(STARTS, [topics]);
  }

  async lag(group: string, topics: readonly Topic[]): Promise<number> {
    const [row] = await this.database.sql.query<{ lag: number }>(LAG, [group, topics]);
    return row?.lag ?? 0;
  }

  onAppend(listener: (topics: ReadonlySet<Topic>) => void): void {
    this.listeners.push(listener);
  }

  /** Forgets what is older than 30 days; answers whether there may be more of it. */
  async prune(): Promise<boolean> {
    const gone = await this.database.sql.query(
      `delete from bus_log where ctid = any (array(select ctid from bus_log where appended_at < now() - $1::interval limit $2)) returning 1 as gone`,
      [`${RETENTION_DAYS} days`, PRUNED_AT_ONCE],
    );
    return gone.length === PRUNED_AT_ONCE;
  }
}

interface Row {
  readonly topic: Topic;
  readonly partition: number;
  readonly lines: string[];
}

/** Sorted, so that callers lock partitions in the same order; the sort is stable, so rows of a partition stay in order. */
function rowsOf(records: readonly BusRecord[]): Row[] {
  const open = new Map<string, Row>();
  const rows: Row[] = [];
  for (const { topic, key, line } of records) {
    const partition = partitionOf(key);
    const id = `${topic}/${partition}`;
    let row = open.get(id);
    if (!row || row.lines.length === RECORDS_A_ROW_MAX) {
      row = { topic, partition, lines: [] };
      open.set(id, row);
      rows.push(row);
    }
    row.lines.push(line);
  }
  return rows.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
}
