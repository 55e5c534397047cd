import { randomUUID } from 'node:crypto';
import type { DescService } from '@bufbuild/protobuf';
import { Activity } from '@libs/chassis/activity';
import type { ServiceModule } from '@libs/chassis/service';
import { type RunningService, startService } from '@libs/chassis/start-service';
import type { EventInit, EventName, EventOf, ServiceName } from '@libs/contracts/events';
import { events } from '@libs/contracts/events';
import { EmbeddedBus } from '@libs/events/embedded-bus';
import { eventLine, eventOf, isEventName, parseLine } from '@libs/events/event-line';
import { Database } from '@libs/postgres/database';
import { Sql } from '@libs/postgres/sql';
import type { CallUser } from '@libs/rpc/call-context';
import { InProcessNetwork } from '@libs/rpc/in-process';
import type { OutgoingCall, RpcClient, RpcHandlers } from '@libs/rpc/rpc';
import { type Fake, serveFakes } from './internal/fake-services';
import { TestClock } from './test-clock';
import { testBusDatabase, type TestDatabase, testDatabase } from './test-database';
import { until } from './exchange-process';

const SETTLED_MS_MAX = 45_000;
const QUIET_LOOKS = 3;
const LOG_LINES_MAX = 5_000;
/** A test's own calls wait for a busy machine: how long real callers do is not what it tests. */
const PATIENT: OutgoingCall = { deadlineMs: 45_000 };

export type FakesOf<S extends readonly DescService[]> = { readonly [I in keyof S]: readonly [S[I], Partial<RpcHandlers<S[I]>>, ServiceName?] };

export interface TestServiceOptions<S extends readonly DescService[]> {
  /** The neighbours: their descriptors with the rpcs that they answer. */
  readonly fakes?: FakesOf<S>;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: TestClock;
}

export interface PublishedEvent<N extends EventName = EventName> {
  readonly name: N;
  readonly key: string;
  readonly kseq: number;
  readonly event: EventOf<N>;
}

/** One service in this process on a fresh database, with its neighbours faked at the network. */
export async function startTestService<const S extends readonly DescService[]>(module: ServiceModule, options: TestServiceOptions<S> = {}): Promise<TestService> {
  const { migrations } = module.service;
  const databases = migrations ? await Promise.all([testDatabase(migrations), testBusDatabase()]) : [];
  const service = new TestService(module, { env: options.env ?? {}, fakes: (options.fakes ?? []) as readonly Fake[], clock: options.clock ?? new TestClock() }, databases);
  await service.start();
  return service;
}

interface Setting {
  readonly env: Readonly<Record<string, string>>;
  readonly fakes: readonly Fake[];
  readonly clock: TestClock;
}

export class TestService {
  /** Lines of JSON. */
  readonly logs: string[] = [];
  private running: RunningService | undefined;
  private network = new InProcessNetwork();
  private busDatabase: Database | undefined;
  private bus: EmbeddedBus | undefined;
  private readonly kseqs = new Map<string, number>();

  constructor(
    private readonly module: ServiceModule,
    private readonly setting: Setting,
    private readonly databases: readonly TestDatabase[],
  ) {}

  get clock(): TestClock {
    return this.setting.clock;
  }

  get app(): RunningService['app'] {
    return this.service.app;
  }

  get sql(): Sql {
    return this.app.get(Sql);
  }

  /** For commands that work on the database alone. */
  get databaseUrl(): string {
    return this.databases[0]?.url ?? '';
  }

  get internalUrl(): string {
    return this.service.internalUrl;
  }

  get httpUrl(): string {
    return this.service.httpUrl ?? '';
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.network = new InProcessNetwork();
    const [database, bus] = this.databases;
    if (bus) {
      this.busDatabase = await Database.open({ name: 'bus', url: bus.url, poolSize: 3 });
      this.bus = new EmbeddedBus(this.busDatabase);
    }
    await serveFakes(this.network, this.setting.fakes);
    const name = this.module.service.name.toUpperCase();
    const environment = { NODE_ENV: 'test', [`${name}_INTERNAL_PORT`]: '0', [`${name}_HTTP_PORT`]: '0', ...(database && { [`${name}_DATABASE_URL`]: database.url }), ...this.setting.env, ...env };
    // Whoever gives it a Redis means what is kept there for several processes.
    const isOneOfSeveral = 'REDIS_URL' in environment;
    this.running = await startService(this.module, { env: environment, network: this.network, isOneOfSeveral, clock: this.clock, logTo: { write: (line) => this.keep(line) }, ...(this.bus && { bus: this.bus }) });
  }

  /** As a caller on the network: the gateway (for a user, when one is given), or the service that is named. */
  client<D extends DescService>(service: D, as: CallUser | ServiceName = 'gateway'): RpcClient<D> {
    const [caller, usual] = typeof as === 'string' ? [as, {}] : ['gateway' as const, { user: as }];
    const client = this.network.rpcOf(caller).client(service, this.module.service.name) as Record<string, (input: unknown, call?: OutgoingCall) => unknown>;
    const speaking = service.methods.map((method) => {
      const call = client[method.localName];
      // A stream lasts as long as it is wanted.
      const patience = method.methodKind === 'unary' ? PATIENT : {};
      return [method.localName, (input: unknown, options: OutgoingCall = {}) => call?.(input, { ...patience, ...usual, ...options })];
    });
    return Object.fromEntries(speaking) as RpcClient<D>;
  }

  /** As the producer of the topic: the key's next event. `again` delivers the very same once more. */
  async deliver<N extends EventName>(name: N, key: string, event: EventInit<N>): Promise<{ again(): Promise<void> }> {
    const { topic } = events[name];
    const kseq = (this.kseqs.get(`${topic}/${key}`) ?? 0) + 1;
    this.kseqs.set(`${topic}/${key}`, kseq);
    const line = eventLine({ name, key, kseq, event, headers: { id: `evt_${randomUUID()}`, at: this.clock.now().toISOString() } });
    const again = async () => {
      if (!this.bus) throw new Error('this service has no database, and so hears no events');
      await this.bus.append([{ topic, key, line }]);
    };
    await again();
    return { again };
  }

  /** What the service has announced and committed, oldest first. */
  async published(): Promise<PublishedEvent[]> {
    const rows = await this.sql.query<{ events: string }>('select events from outbox order by pos');
    return rows
      .flatMap((row) => row.events.split('\n'))
      .map((line) => {
        const { type, key, kseq, payload } = parseLine(line);
        if (!isEventName(type)) throw new Error(`${type} is no event of ours`);
        return { name: type, key, kseq, event: eventOf(type, payload) };
      });
  }

  async publishedOf<N extends EventName>(name: N): Promise<PublishedEvent<N>[]> {
    const all = await this.published();
    return all.filter((event): event is PublishedEvent<N> => event.name === name);
  }

  /** Waits until the service has nothing left to do. */
  async settled(): Promise<void> {
    let quiet = 0;
    let counts: Record<string, number> = {};
    await until(() => `the service has settled: ${JSON.stringify(counts)}`, SETTLED_MS_MAX, async () => {
      counts = await this.app.get(Activity).snapshot();
      quiet = Object.values(counts).some((count) => count > 0) ? 0 : quiet + 1;
      return quiet >= QUIET_LOOKS;
    });
  }

  /** Stops it and starts it on the same databases, with these settings more: what it has not written down is gone. */
  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.halt();
    await this.start(env);
  }

  async stop(): Promise<void> {
    await this.halt();
    await Promise.all(this.databases.map((database) => database.close()));
  }

  private async halt(): Promise<void> {
    await this.running?.stop();
    await this.busDatabase?.close();
    this.running = undefined;
  }

  private get service(): RunningService {
    if (!this.running) throw new Error('the service is not running');
    return this.running;
  }

  private keep(line: string): void {
    if (this.logs.push(line) > LOG_LINES_MAX) this.logs.shift();
  }
}
