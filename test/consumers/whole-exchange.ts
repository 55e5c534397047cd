import { rmSync } from 'node:fs';
import { Activity } from '@libs/chassis/activity';
import { type RunningService, startService } from '@libs/chassis/start-service';
import type { ServiceName } from '@libs/contracts/events';
import { EmbeddedBus } from '@libs/events/embedded-bus';
import { Database } from '@libs/postgres/database';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import type { Sql } from '@libs/postgres/sql';
import { InProcessNetwork } from '@libs/rpc/in-process';
import { makeServiceKeys } from '@libs/rpc/service-keys';
import { until } from '@libs/testing/exchange-process';
import { type SandboxProcess, startSandbox } from '@libs/testing/sandbox-process';
import { type Exchange, unlimited } from '@libs/testing/story';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { testBusDatabase, type TestDatabase, testDatabase } from '@libs/testing/test-database';
import { serviceEnvironment, serviceKeysFolder } from '../../apps/standalone/src/launch/environment';
import { keptFreePorts } from '../../apps/standalone/src/ports';
import { gatewayService, innerServices } from '../../apps/standalone/src/services';
import { UnkindBus } from './unkind-bus';

const SETTLED_MS_MAX = 90_000;
const QUIET_LOOKS = 3;
const BUS_POOL = 6;

/** All services of an exchange in this very process, so that a test is between them and their bus. */
export class WholeExchange implements Exchange {
  readonly log: string[] = [];
  private readonly running = new Map<ServiceName, RunningService>();
  private readonly network = new InProcessNetwork();

  private constructor(
    readonly data: string,
    readonly bus: UnkindBus,
    private readonly parts: { readonly databases: readonly TestDatabase[]; readonly busDatabase: Database; readonly sandbox: SandboxProcess },
    readonly run: Exchange['run'],
    private readonly env: Readonly<Record<string, string | undefined>>,
  ) {}

  static async start(random: () => number, more: Readonly<Record<string, string>>): Promise<WholeExchange> {
    const data = temporaryFolder('whole');
    makeServiceKeys(serviceKeysFolder(data));
    const [sandbox, ports, ownBus] = await Promise.all([startSandbox(), keptFreePorts(data), testBusDatabase()]);
    const databases = await Promise.all(innerServices.map(({ service }) => testDatabase(service.migrations)));
    const urls = { ...Object.fromEntries(innerServices.map(({ service: { name } }, at) => [name, databases[at]?.url ?? ''])), bus: ownBus.url };
    const busDatabase = await Database.open({ name: 'bus', url: ownBus.url, poolSize: BUS_POOL });
    const given = { NODE_ENV: 'test', LOG_LEVEL: 'warn', BCRYPT_COST: '4', ...unlimited, ...more };
    const env = serviceEnvironment(given, data, ports, { databases: urls, redisUrl: undefined, sandboxUrl: sandbox.url });
    const bus = new UnkindBus(new EmbeddedBus(busDatabase), random);
    const exchange = new WholeExchange(data, bus, { databases: [...databases, ownBus], busDatabase, sandbox }, { sandboxUrl: sandbox.url, databases: urls }, env);
    await exchange.starts([...innerServices, gatewayService].map(({ service }) => service.name));
    return exchange;
  }

  get url(): string {
    return this.service('gateway').httpUrl ?? '';
  }

  service(name: ServiceName): RunningService {
    const service = this.running.get(name);
    if (!service) throw new Error(`${name} does not run`);
    return service;
  }

  async starts(names: readonly ServiceName[]): Promise<void> {
    for (const module of [...innerServices, gatewayService].filter(({ service }) => names.includes(service.name))) {
      const { env, network, bus } = this;
      this.running.set(module.service.name, await startService(module, { env, network, bus, logTo: { write: (line) => void this.log.push(line) } }));
    }
  }

  async stops(names: readonly ServiceName[]): Promise<void> {
    for (const name of [...names].reverse()) {
      await this.service(name).stop();
      this.running.delete(name);
    }
  }

  /** Works on the database of a service that does not run. */
  async whileStopped<T>(name: ServiceName, work: (parts: { sql: Sql; transactions: PostgresTransactions; bus: UnkindBus }) => Promise<T>): Promise<T> {
    const database = await Database.open({ name, url: this.run.databases[name] ?? '', poolSize: 2 });
    try {
      return await work({ sql: database.sql, transactions: new PostgresTransactions(database, []), bus: this.bus });
    } finally {
      await database.close();
    }
  }

  async settled(): Promise<void> {
    let [quiet, busy]: [number, Record<string, number>] = [0, {}];
    await until(() => `the exchange is settled; busy: ${JSON.stringify(busy)}`, SETTLED_MS_MAX, async () => {
      busy = await this.activity();
      quiet = Object.keys(busy).length === 0 ? quiet + 1 : 0;
      return quiet >= QUIET_LOOKS;
    });
  }

  async passes({ days = 0, hours = 0, minutes = 0 }: { hours?: number; days?: number; minutes?: number }, stepMs = 24 * 3_600_000): Promise<void> {
    for (let left = ((days * 24 + hours) * 60 + minutes) * 60_000; left > 0; left -= stepMs) {
      const answer = await fetch(`${this.url}/v1/test/clock/advance`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ms: Math.min(left, stepMs) }) });
      if (!answer.ok) throw new Error(`the clock answered ${answer.status}`);
      await this.settled();
    }
  }

  async remove(): Promise<void> {
    await this.stops([...this.running.keys()]);
    const { databases, busDatabase, sandbox } = this.parts;
    await busDatabase.close();
    await Promise.all([sandbox.stop(), ...databases.map((database) => database.close())]);
    rmSync(this.data, { recursive: true, force: true });
  }

  private async activity(): Promise<Record<string, number>> {
    const outside = await fetch(`${this.run.sandboxUrl}/control/activity`);
    const counts: [string, Record<string, number>][] = [['sandbox', (await outside.json()) as Record<string, number>]]; // A flat object of counts.
    for (const [name, { app }] of this.running) counts.push([name, await app.get(Activity).snapshot()]);
    return Object.fromEntries(counts.flatMap(([name, all]) => Object.entries(all).filter(([, count]) => count > 0).map(([what, count]) => [`${name}.${what}`, count])));
  }
}
