import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DescService } from '@bufbuild/protobuf';
import { type INestApplication, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { ServiceName } from '@libs/contracts/events';
import { OperationsService } from '@libs/contracts/gen/exchange/operations/v1/operations_pb';
import { Clock, WallClock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { RedisConnection } from '@libs/redis/redis-connection';
import { Rpc } from '@libs/rpc/rpc';
import { KeepErrors, RpcServer } from '@libs/rpc/rpc-server';
import { parseJwks } from '@libs/rpc/service-keys';
import { overGrpc, type ServiceRpc, withinProcess } from '@libs/rpc/service-rpc';
import { Activity } from './activity';
import { type ChassisValues, chassisSchema } from './chassis-config';
import { OffsetClock, SystemWallClock } from './clocks';
import { parseAll } from './config';
import { armFailpoints } from './failpoints';
import { Health } from './health';
import { InternalHttp } from './internal/internal-http';
import { OperationsController } from './internal/operations-controller';
import { reportProcess } from './internal/process-metrics';
import { rootModule } from './internal/providers';
import { noOffsetStore } from './internal/service-database';
import { EventsPart } from './internal/events-part';
import { reportCircuits, rpcObserver } from './internal/red-metrics';
import { Teardown } from './internal/teardown';
import { Log, nestLogger } from './log';
import { Metrics } from './metrics';
import type { Runtime } from './runtime';
import { SandboxClock } from './sandbox-clock';
import type { ServiceModule } from './service';
import { Spans } from './spans';
import { Topology } from './topology';
import { UuidIds } from './uuid-ids';

const STOP_MS_MAX = 10_000;

/** A service that runs in this process. */
export interface RunningService {
  readonly name: ServiceName;
  readonly app: INestApplication | INestMicroservice;
  /** Health, metrics, activity. */
  readonly internalUrl: string;
  /** Where its gRPC server listens; 0 within a process. */
  readonly rpcPort: number;
  /** Where the public finds it, if it has a door. */
  readonly httpUrl?: string;
  /** Takes no new work, finishes what it has (10 s at most), and closes what it holds. */
  stop(): Promise<void>;
}

/** A service that is built and at rest: it takes no calls, and does nothing by itself. */
export interface PreparedService {
  open(): Promise<RunningService>;
  /** Closes what it holds, opened or not. */
  stop(): Promise<void>;
}

/** Runs a service in this process, in the order: configuration, database, clock, neighbours, the application, its doors. */
export async function startService(service: ServiceModule, runtime: Runtime): Promise<RunningService> {
  const prepared = await prepareService(service, runtime);
  return prepared.open();
}

/** All but the doors: where several start in one process none goes to work while the others are built, which keeps the process busy and answers nobody. */
export async function prepareService(service: ServiceModule, runtime: Runtime): Promise<PreparedService> {
  const start = new Start(service, runtime);
  const orUndone = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      await start.teardown.run(start.log);
      throw error;
    }
  };
  const open = await orUndone(() => start.prepare());
  return { open: () => orUndone(open), stop: () => start.stop() };
}

interface Application {
  readonly app: RunningService['app'];
  /** Answers where the public finds it, if it has a door. */
  listen(): Promise<string | undefined>;
}

interface Prepared extends Application {
  readonly internalUrl: string;
  readonly events: EventsPart | undefined;
  readonly port: ServiceRpc['port'];
}

class Start {
  readonly teardown = new Teardown();
  readonly log: Log;
  private readonly values: ChassisValues;
  private readonly config: object;
  private readonly metrics: Metrics;
  private readonly health = new Health();
  private readonly activity = new Activity();
  private readonly wall = new SystemWallClock();
  private readonly ids = new UuidIds(this.wall);

  constructor(
    private readonly service: ServiceModule,
    private readonly runtime: Runtime,
  ) {
    const { service: definition } = service;
    const { env, network, bus, logTo } = runtime;
    const schema = chassisSchema(definition, { inProcess: network !== undefined, busGiven: bus !== undefined, isOnKafka: Boolean(env.KAFKA_BROKERS) });
    this.values = parseAll(env, schema, definition.config.schema)[0] as ChassisValues;
    armFailpoints(env);
    this.config = new definition.config(env);
    this.log = new Log({ service: definition.name, level: this.values.logLevel, env: env.NODE_ENV ?? 'production', ...(logTo && { destination: logTo }) });
    this.metrics = new Metrics(definition.name);
  }

  /** Answers how to open what it has prepared. */
  async prepare(): Promise<() => Promise<RunningService>> {
    const { log, teardown, health } = this;
    reportProcess(this.metrics, { commit: this.values.commit, mode: this.runtime.network ? 'one_process' : 'split' });
    const spans = await this.spans();
    const internalUrl = await this.listenInternally();
    const events = await EventsPart.open({ definition: this.service.service, values: this.values, runtime: this.runtime, log, metrics: this.metrics, spans, activity: this.activity, health, teardown });
    const clock = await this.clock(events);
    const redis = this.values.redisUrl ? await RedisConnection.open(this.values.redisUrl, log) : RedisConnection.none();
    teardown.add('redis', () => redis.close());
    health.report('redis', () => redis.client?.status ?? 'none');
    const { rpc, endpoint, pending, circuits, port, close } = this.rpc(spans);
    reportCircuits(this.metrics, circuits);
    health.report('do not answer', () => [...circuits()].filter(([, state]) => state !== 'closed').map(([name]) => name));
    teardown.add('rpc clients', close);
    this.activity.report('rpc', pending);
    const provided = [
      ...[[Clock, clock], [WallClock, this.wall], [Ids, this.ids], [Rpc, rpc], [Log, log], [Metrics, this.metrics], [Spans, spans], [Activity, this.activity], [Health, health], [RedisConnection, redis], [Topology, new Topology(this.runtime.network !== undefined && !this.runtime.isOneOfSeveral)], [this.service.service.config, this.config]],
      ...(events?.provided(clock, this.ids) ?? []),
    ].map(([provide, useValue]) => ({ provide, useValue }));
    const application = await this.application(rootModule(this.service, provided, events ? [OperationsController] : []), endpoint, events ? [OperationsService] : []);
    return () => this.open({ internalUrl, events, port, ...application });
  }

  private async open({ internalUrl, events, port, app, listen }: Prepared): Promise<RunningService> {
    const { log, teardown, health, service: { service: { name } } } = this;
    events?.beginRelay(`${name}-${process.pid}-${randomUUID()}`);
    teardown.add('application', () => within(STOP_MS_MAX, app.close()));
    const httpUrl = await listen();
    await events?.beginConsumer(app);
    health.started();
    log.info({ internal_url: internalUrl, ...(httpUrl && { url: httpUrl }) }, 'ready');
    return { name, app, internalUrl, rpcPort: port(), ...(httpUrl && { httpUrl }), stop: () => this.stop() };
  }

  async stop(): Promise<void> {
    this.health.stopping();
    await this.teardown.run(this.log);
    this.log.info({}, 'stopped');
    await this.log.flush();
  }

  private async listenInternally(): Promise<string> {
    const http = new InternalHttp(this.health, this.metrics, this.activity);
    const url = await http.listen(this.values.internal.port, this.values.internal.host);
    this.teardown.add('internal http', () => http.close());
    return url;
  }

  private async clock(events: EventsPart | undefined): Promise<Clock> {
    if (this.runtime.clock) return this.runtime.clock;
    const clock = new OffsetClock(this.wall);
    const store = events?.offsetStore ?? noOffsetStore;
    this.health.report('clock', () => ({ offsetMs: clock.offsetMs }));
    if (!this.values.sandboxUrl) {
      clock.raiseTo(await store.load());
      return clock;
    }
    const sandbox = new SandboxClock(this.values.sandboxUrl, clock, store, this.log);
    this.health.report('clock', () => sandbox.state);
    this.teardown.add('clock', () => sandbox.stop());
    await sandbox.start();
    return clock;
  }

  private async spans(): Promise<Spans> {
    const { otlpUrl, tracesShare } = this.values;
    if (!otlpUrl) return new Spans();
    const { OtlpSpans } = await import('./internal/otlp-spans.js');
    const collector = new OtlpSpans(otlpUrl, this.service.service.name, tracesShare);
    this.teardown.add('spans', () => collector.close());
    return new Spans(collector);
  }

  private rpc(spans: Spans): ServiceRpc {
    const { name, serves } = this.service.service;
    const observer = rpcObserver(this.log, this.metrics, spans);
    if (this.runtime.network) return withinProcess(name, this.runtime.network, observer);
    const { rpcListen: listen, rpcAddresses: addresses, keyFile = '', jwksFile } = this.values;
    const jwks = jwksFile === undefined || serves.length === 0 ? { keys: [] } : parseJwks(readFileSync(jwksFile, 'utf8'));
    return overGrpc({ service: name, listen, addresses, keyFile, jwks, wall: this.wall, observer, isServing: () => this.health.isStarted });
  }

  private async application(root: ReturnType<typeof rootModule>, endpoint: ServiceRpc['endpoint'], everybodys: readonly DescService[]): Promise<Application> {
    const { serves, http } = this.service.service;
    const logger = nestLogger(this.log);
    if (!http) {
      const app = await NestFactory.createMicroservice(root, { strategy: new RpcServer([...serves, ...everybodys], endpoint), logger, abortOnError: false });
      app.useGlobalFilters(new KeepErrors());
      return { app, listen: () => app.listen().then(() => undefined) };
    }
    const app = await NestFactory.create(root, http.adapter(), { logger, abortOnError: false, bodyParser: false });
    await http.prepare?.(app);
    const listen = async () => {
      await app.listen(this.values.http.port, this.values.http.host);
      return (await app.getUrl()).replace('[::1]', 'localhost');
    };
    return { app, listen };
  }
}

/** What does not end by itself in time is left: the process is about to. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not closed in ${ms} ms`)), ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
