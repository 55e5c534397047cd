import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { EventOf, ServiceName } from '@libs/contracts/events';
import type { Bus } from '@libs/events/bus';
import { EventConsumer } from '@libs/events/event-consumer';
import { handlersOf } from '@libs/events/event-handlers';
import { OnEvent, type Delivery } from '@libs/events/on-event';
import { OutboxRelay } from '@libs/events/outbox-relay';
import { ParkedEvents } from '@libs/events/parked-events';
import { replay } from '@libs/events/replay';
import { PostgresOutbox } from '@libs/events/postgres-outbox';
import { typeId, type IdPrefix, Ids } from '@libs/kernel/ids';
import { Database } from '@libs/postgres/database';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import type { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { testDatabase } from '@libs/testing/test-database';

class RandomIds extends Ids {
  next(prefix: IdPrefix): string {
    return typeId(prefix, randomUUID());
  }
}

export interface Effect {
  readonly key: string;
  readonly kseq: number;
  readonly told: string;
}

/** Writes down each suspension, in the event's own transaction. It does not handle reinstatements. */
export class Notebook {
  /** What came a second time, and was said to. */
  readonly retold: string[] = [];
  /** Runs after the effect was written and before its commit: what it throws undoes the effect. */
  afterEffect: (told: string) => void | Promise<void> = () => undefined;

  constructor(
    private readonly sql: Sql,
    private readonly consumer: string,
  ) {}

  @OnEvent('user.suspended')
  async note(tx: Transaction, event: EventOf<'user.suspended'>, { key, kseq, isRetold }: Delivery): Promise<void> {
    if (isRetold) this.retold.push(event.reason);
    await this.sql.in(tx).query('insert into effects (consumer, key, kseq, told) values ($1, $2, $3, $4)', [this.consumer, key, kseq, event.reason]);
    await this.afterEffect(event.reason);
  }
}

/** A service as far as events go: it announces, relays and listens on a database of its own. */
export class Side {
  readonly transactions: PostgresTransactions;
  readonly parked: ParkedEvents;
  readonly notebook: Notebook;
  relay: OutboxRelay;
  consumer: EventConsumer;
  readonly outbox: PostgresOutbox;

  private constructor(
    readonly name: ServiceName,
    readonly database: Database,
    private readonly bus: Bus,
    private readonly drop: () => Promise<void>,
  ) {
    this.outbox = new PostgresOutbox({ service: name, clock: { now: () => new Date('2026-11-20T12:00:00Z') }, ids: new RandomIds() });
    this.transactions = new PostgresTransactions(database, [this.outbox]);
    this.parked = new ParkedEvents(database.sql, this.transactions);
    this.notebook = new Notebook(database.sql, name);
    this.relay = this.anotherRelay();
    this.consumer = this.anotherConsumer();
  }

  static async start(name: ServiceName, bus: Bus): Promise<Side> {
    const { url, close } = await testDatabase(join(__dirname, 'migrations'));
    const side = new Side(name, await Database.open({ url, poolSize: 4, name, acquireTimeoutMs: 20_000 }), bus, close);
    await side.consumer.subscribe();
    return side;
  }

  get sql(): Sql {
    return this.database.sql;
  }

  /** As a process that begins anew, or a second one beside the first, has it. */
  anotherRelay(): OutboxRelay {
    return new OutboxRelay({ sql: this.sql, bus: this.bus, holder: randomUUID() });
  }

  anotherConsumer(notebook = this.notebook, bus = this.bus): EventConsumer {
    return new EventConsumer({ name: this.name, handlers: handlersOf([notebook]), sql: this.sql, transactions: this.transactions, bus });
  }

  async announce(key: string, ...told: readonly string[]): Promise<void> {
    await this.transactions.run(async (tx) => told.forEach((reason) => this.outbox.add(tx, 'user.suspended', key, { userId: key, scope: 'all', reason })));
  }

  async announceUnheard(key: string, times: number): Promise<void> {
    await this.transactions.run(async (tx) => Array.from({ length: times }).forEach(() => this.outbox.add(tx, 'user.reinstated', key, { userId: key })));
  }

  /** Passes until nothing is left that could be done. */
  async settle(): Promise<void> {
    await until(async () => {
      await this.relay.pass();
      await this.consumer.pass();
      return (await this.relay.pending()) + (await this.consumer.pending()) === 0;
    });
  }

  /** What the service keeps from events is emptied, and told anew from the log when it has started again. */
  async replay(since?: Date): Promise<void> {
    await replay({ bus: this.bus, sql: this.sql, transactions: this.transactions, consumer: this.name, topics: this.consumer.topics, tables: ['effects'], ...(since && { since }) });
    this.consumer = this.anotherConsumer(); // The one before was stopped for it.
    await this.consumer.subscribe();
  }

  async effects(): Promise<Effect[]> {
    return this.sql.query<Effect & Record<string, unknown>>('select key, kseq, told from effects order by n');
  }

  async told(key: string): Promise<string[]> {
    return (await this.effects()).filter((effect) => effect.key === key).map((effect) => effect.told);
  }

  async stop(): Promise<void> {
    await this.database.close();
    await this.drop();
  }
}

const WAIT_MS_MAX = 45_000;

/** Passes over and over until it is so. */
export async function until(isSo: () => Promise<boolean>, ms = WAIT_MS_MAX): Promise<void> {
  const end = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('it did not come to that');
    await new Promise((done) => setImmediate(done)); // What is waited for may have to arrive first.
  }
}
