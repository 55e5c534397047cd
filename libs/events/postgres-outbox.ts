import { events, topics, type EventInit, type EventName, type ServiceName, type Topic } from '@libs/contracts/events';
import type { Clock } from '@libs/kernel/clock';
import type { Ids } from '@libs/kernel/ids';
import { invariant } from '@libs/kernel/invariant';
import type { TransactionHook } from '@libs/postgres/postgres-transactions';
import type { Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { formatLine, payloadOf, type EventLine } from './event-line';
import { Outbox } from './outbox';

export interface OutboxOptions {
  readonly service: ServiceName;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly traceparent?: () => string | undefined;
}

type Collected = Omit<EventLine, 'kseq'>;

/** Rows come in the order of topic and key, so that transactions lock the counters in the same order. */
const COUNT = `
  insert into event_counter as c (topic, key, last_kseq)
  select * from unnest($1::text[], $2::text[], $3::bigint[])
      on conflict (topic, key) do update set last_kseq = c.last_kseq + excluded.last_kseq
  returning topic, key, last_kseq`;

/**
 * Collects the events of a transaction; just before its COMMIT it numbers them and writes them as one row.
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

  async beforeCommit(tx: Transaction, statements: Statements): Promise<void> {
    const lines = this.collected.get(tx);
    this.written.add(tx);
    if (!lines) return;
    const next = await count(statements, lines);
    const numbered = lines.map((line) => {
      const kseq = next.get(idOf(line)) ?? 0;
      invariant(kseq > 0, `no number for ${idOf(line)}`);
      next.set(idOf(line), kseq + 1);
      return formatLine({ ...line, kseq });
    });
    await statements.query('insert into outbox (events, event_count) values ($1, $2)', [numbered.join('\n'), numbered.length]);
  }

  afterCommit(tx: Transaction): void {
    if (this.collected.has(tx)) this.listeners.forEach((listener) => listener());
  }
}

function idOf({ topic, key }: { topic: string; key: string }): string {
  return `${topic}\n${key}`;
}

/** The first number of each key's events in this transaction. */
async function count(statements: Statements, lines: readonly Collected[]): Promise<Map<string, number>> {
  const counts = new Map<string, { topic: Topic; key: string; events: number }>();
  for (const { topic, key } of lines) {
    const one = counts.get(idOf({ topic, key })) ?? { topic, key, events: 0 };
    one.events += 1;
    counts.set(idOf(one), one);
  }
  const sorted = [...counts.values()].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const values = [sorted.map((one) => one.topic), sorted.map((one) => one.key), sorted.map((one) => one.events)];
  const rows = await statements.query<{ topic: Topic; key: string; last_kseq: number }>(COUNT, values);
  return new Map(rows.map((row) => [idOf(row), row.last_kseq - (counts.get(idOf(row))?.events ?? 0) + 1]));
}
