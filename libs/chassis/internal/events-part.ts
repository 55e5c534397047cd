import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { Bus } from '@libs/events/bus';
import { EventConsumer } from '@libs/events/event-consumer';
import type { EventLine } from '@libs/events/event-line';
import { eventHandlers } from '@libs/events/event-handlers';
import { Outbox } from '@libs/events/outbox';
import { outboxBacklog } from '@libs/events/outbox-backlog';
import { OutboxRelay } from '@libs/events/outbox-relay';
import { ParkedEvents } from '@libs/events/parked-events';
import { Replays } from '@libs/events/replays';
import { PostgresOutbox } from '@libs/events/postgres-outbox';
import type { Clock } from '@libs/kernel/clock';
import type { Ids } from '@libs/kernel/ids';
import { Database } from '@libs/postgres/database';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import { Sql } from '@libs/postgres/sql';
import { Transactions } from '@libs/postgres/transaction';
import type { Activity } from '../activity';
import type { ChassisValues } from '../chassis-config';
import type { Durations } from '../durations';
import type { Health } from '../health';
import type { Log } from '../log';
import { Loop } from '../loop';
import type { Metrics } from '../metrics';
import { openBus } from '../open-bus';
import { relayObserver } from '../relay-observer';
import type { Runtime } from '../runtime';
import type { OffsetStore } from '../sandbox-clock';
import type { ServiceDefinition } from '../service';
import { attributeNames, eventAttributes } from '../span-attributes';
import type { Spans } from '../spans';
import { currentTraceparent } from '../trace';
import { reportPool } from './process-metrics';
import { offsetStore, openServiceDatabase } from './service-database';
import type { Teardown } from './teardown';

/** For what other processes have committed: of its own the relay is told. */
const RELAY_POLL_MS = 1_000;
/** For what other processes have sent, and for what is tried again. */
const CONSUMER_POLL_MS = 250;
const PRUNE_MS = 3_600_000;
const LOOK_MS = 5_000;
/** Events that waited for the bus go out soon after it is back. */
const BACK_OFF_MS_MAX = 2_000;
const BUS_POOL_SIZE = 3;
const LAST_PASSES_MAX = 50;

interface Surroundings {
  readonly definition: ServiceDefinition;
  readonly values: ChassisValues;
  readonly runtime: Runtime;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly spans: Spans;
  readonly activity: Activity;
  readonly health: Health;
  readonly teardown: Teardown;
}

/** A service's database and what runs on it: transactions, the outbox with its relay, and the consumer of its events. */
export class EventsPart {
  readonly offsetStore: OffsetStore;
  private transactions: Transactions | undefined;
  private outbox: PostgresOutbox | undefined;

  private constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly around: Surroundings,
  ) {
    this.offsetStore = offsetStore(database);
  }

  /** Nothing for a service that has no migrations, and so no database. */
  static async open(around: Surroundings): Promise<EventsPart | undefined> {
    const { definition, values, runtime, log, teardown } = around;
    if (!definition.migrations || !values.databaseUrl) return undefined;
    const isDurable = runtime.env.NODE_ENV !== 'test';
    const database = await openServiceDatabase({ name: definition.name, url: values.databaseUrl, migrations: definition.migrations, poolSize: values.poolSize, log, isDurable });
    teardown.add('database', () => database.close());
    reportPool(around.metrics, database);
    around.health.require('database', async () => void (await database.sql.query('select 1')));
    return new EventsPart(database, await busOf(around), around);
  }

  provided(clock: Clock, ids: Ids): [unknown, unknown][] {
    this.outbox = new PostgresOutbox({ service: this.around.definition.name, clock, ids, traceparent: currentTraceparent });
    this.transactions = new PostgresTransactions(this.database, [this.outbox]);
    return [[Database, this.database], [Sql, this.database.sql], [Transactions, this.transactions], [Outbox, this.outbox], [Bus, this.bus], [ParkedEvents, new ParkedEvents(this.database.sql, this.transactions)], [Replays, new Replays(this.database.sql)]];
  }

  /** Begins before the application does and ends after it, so that what its last work announces is sent. */
  beginRelay(holder: string): void {
    const { log, activity, metrics, spans, health, teardown } = this.around;
    const relay = new OutboxRelay({ sql: this.database.sql, bus: this.bus, holder, onSent: relayObserver(metrics, spans, this.bus) });
    const sending = new Loop({ name: 'relay', everyMs: RELAY_POLL_MS, backOffMsMax: BACK_OFF_MS_MAX, log }, () => relay.pass());
    const pruning = new Loop({ name: 'relay prune', everyMs: PRUNE_MS, log }, () => relay.prune());
    this.outbox?.onCommitted(() => sending.nudge());
    activity.report('outbox', () => relay.pending());
    let backlog = { events: 0, oldestSeconds: 0 };
    metrics.gauge('outbox_pending', 'Events that are committed and not on the bus yet, as of the last look.', [], () => backlog.events);
    health.report('outbox', () => backlog);
    metrics.gauge('outbox_oldest_age_seconds', 'How long the oldest of them has waited, as of the last look.', [], () => backlog.oldestSeconds);
    const looking = new Loop({ name: 'relay lag', everyMs: LOOK_MS, log }, async () => {
      backlog = await outboxBacklog(this.database.sql);
    });
    const loops = [sending, pruning, looking];
    loops.forEach((loop) => loop.start());
    teardown.add('relay', async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
      for (let passes = 0; passes < LAST_PASSES_MAX && (await relay.pass()); passes++);
      await relay.release();
    });
  }

  /** Takes what others announce, once the application is up. */
  async beginConsumer(app: INestApplication | INestMicroservice): Promise<void> {
    const { definition, values, log, metrics, activity, teardown } = this.around;
    const handlers = eventHandlers(app);
    if (handlers.size === 0 || !this.transactions) return;
    const took = metrics.durations('event_process_duration_seconds', 'Time that the handlers of a service took for an event.', ['topic', 'group', 'outcome']);
    const consumer = new EventConsumer({ name: definition.name, handlers, sql: this.database.sql, transactions: this.transactions, bus: this.bus, log, traced: (line, work) => this.consumed(took, line, work) });
    await consumer.subscribe();
    if (values.isConsumerPaused) return log.info({}, 'takes no events: CONSUMERS_PAUSED names this service');
    const loop = new Loop({ name: 'consumer', everyMs: CONSUMER_POLL_MS, log }, () => consumer.pass());
    this.bus.onAppend((topics) => consumer.topics.some((topic) => topics.has(topic)) && loop.nudge());
    this.watchParked(this.transactions);
    this.watchLag(consumer);
    activity.report('events', () => consumer.pending());
    teardown.add('consumer', () => loop.stop());
    loop.start();
  }

  /** An event's effect belongs to the trace of its cause. The link says that the bus lay between, as OpenTelemetry's conventions want it. */
  private async consumed<T>(took: Durations, line: EventLine, work: () => Promise<T>): Promise<T> {
    const { definition: { name: group }, spans } = this.around;
    const { topic, type, headers: { traceparent } } = line;
    const begun = performance.now();
    const ended = (outcome: string) => took.observe([topic, group, outcome], (performance.now() - begun) / 1_000, spans.samples(traceparent) ? traceparent : undefined);
    const attributes = { ...eventAttributes(this.bus.system, 'process', line), [attributeNames.group]: group };
    try {
      const result = await spans.run({ name: `process ${type}`, kind: 'consumer', cause: traceparent, link: traceparent, attributes }, work);
      ended('ok');
      return result;
    } catch (error) {
      ended('failed');
      throw error;
    }
  }

  private watchLag(consumer: EventConsumer): void {
    const { definition, log, metrics, teardown } = this.around;
    const group = definition.name;
    const lag = metrics.gauge('consumer_lag', 'Events of a topic that this service has not taken yet, as of the last look.', ['topic', 'group']);
    metrics.total('consumer_retries_total', 'How often an event was put off, to be tried again.', ['group'], () => new Map([[group, consumer.retries]]));
    metrics.total('dedup_hits_total', 'Events that came again and changed nothing.', ['consumer'], () => new Map([[group, consumer.fates.late]]));
    const looking = new Loop({ name: 'consumer lag', everyMs: LOOK_MS, log }, async () => {
      for (const topic of consumer.topics) lag.set({ topic, group }, await this.bus.lag(group, [topic]));
    });
    teardown.add('consumer lag', () => looking.stop());
    looking.start();
  }

  /** What needs a person is seen by the operator: as a metric, and in the details of health. */
  private watchParked(transactions: Transactions): void {
    const { log, metrics, health, teardown } = this.around;
    const parked = new ParkedEvents(this.database.sql, transactions);
    let waiting = 0;
    const gauge = metrics.gauge('dead_letters', 'Events that are parked until a person resumes or skips them, by the class of their error, as of the last look.', ['topic', 'reason']);
    health.report('parked events', () => waiting);
    const looking = new Loop({ name: 'parked events', everyMs: LOOK_MS, log }, async () => {
      const counts = await parked.counts();
      gauge.reset();
      for (const { topic, reason, events } of counts) gauge.set({ topic, reason }, events);
      waiting = counts.reduce((sum, { events }) => sum + events, 0);
    });
    teardown.add('parked events', () => looking.stop());
    looking.start();
  }
}

async function busOf({ runtime, values, log, teardown }: Surroundings): Promise<Bus> {
  if (runtime.bus) return runtime.bus;
  const { bus, close } = await openBus({ kafka: values.kafka, url: values.busUrl, poolSize: BUS_POOL_SIZE, log });
  teardown.add('bus', close);
  return bus;
}
