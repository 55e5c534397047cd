import { events, topics, type EventInit, type EventName, type ServiceName, type Topic } from '@libs/contracts/events';
import type { Clock } from '@libs/kernel/clock';
import type { Ids } from '@libs/kernel/ids';
import { invariant } from '@libs/kernel/invariant';
import type { ClosingStatement, TransactionHook } from '@libs/postgres/postgres-transactions';
import type { Transaction } from '@libs/postgres/transaction';
import { lineAroundNumber, payloadOf, type EventLine } from './event-line';
import { Outbox } from './outbox';

export interface OutboxOptions {
  readonly service: ServiceName;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly traceparent?: () => string | undefined;
}

type Collected = Omit<EventLine, 'kseq'>;

/**
 * Numbers the events and writes them as one row. The keys come sorted, so that transactions lock the counters in the same order; the row
 * gets its place after they are locked. `back` is how many events of the same key follow in this row.
 */
const WRITE = `
  with counted as materialized (
    insert into event_counter as c (topic, key, last_kseq)
    select * from unnest($1::text[], $2::text[], $3::bigint[])
        on conflict (topic, key) do update set last_kseq = c.last_kseq + excluded.last_kseq
    returning topic, key, last_kseq)
  insert into outbox (events, event_count)
  select string_agg(l.head || (c.last_kseq - l.back) || l.tail, e'\\n' order by l.n), count(*)
    from unnest($4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[]) with ordinality l (topic, key, back, head, tail, n) join counted c using (topic, key)
  having count(*) = cardinality($4::text[])`;

/**
 * Collects the events of a transaction; together with its COMMIT they are numbered and written as one row.
 * The counters are locked that late so that a busy key is held for the commit alone.
 */
export class PostgresOutbox extends Outbox implements TransactionHook {
  private readonly collected = new WeakMap<Transaction, Collected[]>();
  private readonly written = new WeakSet<Transaction>();
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly options: OutboxOptions) {
    super();
  }

  add<N extends EventName>(tx: Transaction, name: N, key: string, event: EventInit<N>): void {
    const { service, clock, ids, traceparent } = this.options;
    const { topic } = events[name];
    invariant(topics[topic].producer === service, `${name} is not ${service}'s to announce`);
    invariant(key !== '', `${name} without a key`);
    invariant(!this.written.has(tx), `${name} comes after its transaction's end`);
    const trace = traceparent?.();
    const headers = { id: ids.next('evt'), at: clock.now().toISOString(), ...(trace ? { traceparent: trace } : {}) };
    const lines = this.collected.get(tx) ?? [];
    lines.push({ topic, key, type: name, payload: payloadOf(name, event), headers });
    this.collected.set(tx, lines);
  }

  /** Called after each commit that announced something. */
  onCommitted(listener: () => void): void {
    this.listeners.push(listener);
  }

  closing(tx: Transaction): ClosingStatement | undefined {
    const lines = this.collected.get(tx);
    this.written.add(tx);
    return lines && { text: WRITE, values: [...keysOf(lines), ...piecesOf(lines)] };
  }

  afterCommit(tx: Transaction): void {
    if (this.collected.has(tx)) this.listeners.forEach((listener) => listener());
  }
}

function idOf({ topic, key }: { topic: string; key: string }): string {
  return `${topic}\n${key}`;
}

/** Topics, keys, and how many events each has here. */
function keysOf(lines: readonly Collected[]): unknown[][] {
  const counts = new Map<string, { topic: Topic; key: string; events: number }>();
  for (const { topic, key } of lines) {
    const one = counts.get(idOf({ topic, key })) ?? { topic, key, events: 0 };
    one.events += 1;
    counts.set(idOf(one), one);
  }
  const sorted = [...counts.values()].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  return [sorted.map((one) => one.topic), sorted.map((one) => one.key), sorted.map((one) => one.events)];
}

/** Topics, keys, how many of the key follow, and the two pieces of the line between which its number stands. */
function piecesOf(lines: readonly Collected[]): unknown[][] {
  const after = new Map<string, number>();
  const backs = [...lines].reverse().map((line) => {
    const back = after.get(idOf(line)) ?? 0;
    after.set(idOf(line), back + 1);
    return back;
  });
  const pieces = lines.map(lineAroundNumber);
  return [lines.map(({ topic }) => topic), lines.map(({ key }) => key), backs.reverse(), pieces.map(([head]) => head), pieces.map(([, tail]) => tail)];
}
