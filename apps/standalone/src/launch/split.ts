import { join } from 'node:path';
import type { Environment } from '@libs/chassis/config';
import type { Log } from '@libs/chassis/log';
import type { ServiceName } from '@libs/contracts/events';
import { gatewayService, innerServices } from '../services';
import type { Ports } from '../ports';
import { checkConfiguration } from './check-configuration';
import { Child, untilReady } from './child';
import { internalUrl, serviceKeysFolder } from './environment';
import { type Running, START_MS_MAX, type Starting } from './running';

const RESTART_MS = 300;
/** A service that dies more often than this in a minute has a reason that a restart does not cure. */
const RESTARTS_PER_MINUTE_MAX = 10;

/** One process per service over gRPC. A service that dies is started again; the others go on. */
export async function startSplit(env: Environment, data: string, ports: Ports, { log, stopping }: Starting): Promise<Running> {
  const keyFileOf = (name: ServiceName) => join(serviceKeysFolder(data), `${name}.pem`);
  checkConfiguration({ ...env, SERVICE_KEY_FILE: keyFileOf('gateway') }, { inProcess: false, busGiven: false, isOnKafka: Boolean(env.KAFKA_BROKERS) });
  const supervised = [...innerServices, gatewayService].map(({ service: { name } }) => new Supervised(name, { ...env, SERVICE_KEY_FILE: keyFileOf(name) }, ports, log));
  const stopAll = () => Promise.all(supervised.map((service) => service.stop()));
  const stopWaiting = () => void stopAll();
  stopping.addEventListener('abort', stopWaiting);
  try {
    await Promise.all(supervised.map((service) => service.start()));
    stopping.throwIfAborted();
  } catch (error) {
    await stopAll();
    throw error;
  } finally {
    stopping.removeEventListener('abort', stopWaiting);
  }
  return {
    get pids() {
      return Object.fromEntries(supervised.map((service) => [service.name, service.pid]));
    },
    arm: async (failpoints, name) => {
      const service = supervised.find((one) => one.name === name);
      if (!service) throw new Error(`there is no service ${name}`);
      await service.restart(failpoints);
    },
    // The door first, so that no request meets half an exchange; then whoever calls others before those.
    stop: async () => {
      for (const service of [...supervised].reverse()) await service.stop();
    },
  };
}

class Supervised {
  private child: Child | undefined;
  private isStopping = false;
  private readonly deaths: number[] = [];

  constructor(
    readonly name: ServiceName,
    private env: Environment,
    private readonly ports: Ports,
    private readonly log: Log,
  ) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const child = this.spawn();
    await untilReady(child, `${internalUrl(this.ports, this.name)}/health/ready`, START_MS_MAX);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.child?.stop();
  }

  /** Its fail points are armed in no other process. */
  async restart(failpoints: string): Promise<void> {
    await this.stop();
    this.isStopping = false;
    this.env = { ...this.env, FAILPOINTS: failpoints };
    await this.start();
  }

  private spawn(): Child {
    const child = Child.start(this.name, join(__dirname, `../../../${this.name}/src/main.js`), { env: this.env, detached: true });
    this.child = child;
    void child.exited.then((code) => this.ended(code));
    return child;
  }

  private ended(code: number): void {
    if (this.isStopping) return;
    const now = Date.now();
    this.deaths.push(now);
    const recent = this.deaths.filter((at) => at > now - 60_000).length;
    if (recent > RESTARTS_PER_MINUTE_MAX) {
      this.log.error({ dead_service: this.name, code, recent }, 'a service keeps dying and is left');
      return;
    }
    this.log.warn({ dead_service: this.name, code }, 'a service has died and is started again');
    // A fail point has had its passage: armed again it would never let the service live.
    this.env = { ...this.env, FAILPOINTS: undefined };
    setTimeout(() => !this.isStopping && this.spawn(), RESTART_MS);
  }
}
