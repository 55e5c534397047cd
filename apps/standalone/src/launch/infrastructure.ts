import { resolve } from 'node:path';
import type { Environment } from '@libs/chassis/config';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { PrivateRedis } from '@libs/redis/private-redis';
import { makeServiceKeys } from '@libs/rpc/service-keys';
import type { Options } from '../options';
import type { Ports } from '../ports';
import { type Backing, databaseFolder, databaseNames, serviceKeysFolder } from './environment';
import { prepareKafka } from './kafka';
import type { Starting } from './running';
import { startSandbox } from './sandbox';

export interface Infrastructure extends Backing {
  readonly pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** What the services stand on: each part is the operator's own where an address is given, else an embedded one. */
export async function startInfrastructure(env: Environment, options: Options, ports: Ports, starting: Starting): Promise<Infrastructure> {
  const start = new Start(env, options, ports, starting);
  try {
    makeServiceKeys(serviceKeysFolder(options.data));
    const databases = await start.databases();
    const redisUrl = await start.redis();
    const sandboxUrl = await start.sandbox();
    await start.topics();
    return { databases, redisUrl, sandboxUrl, pids: start.pids, stop: () => start.undo() };
  } catch (error) {
    await start.undo();
    throw error;
  }
}

class Start {
  readonly pids: Record<string, number> = {};
  private readonly stops: (() => Promise<void>)[] = [];

  constructor(
    private readonly env: Environment,
    private readonly options: Options,
    private readonly ports: Ports,
    private readonly starting: Starting,
  ) {}

  /** The last one started stops first. */
  async undo(): Promise<void> {
    for (const stop of this.stops.splice(0).reverse()) await stop();
  }

  async databases(): Promise<Record<string, string>> {
    const names = databaseNames(this.env);
    const given = Object.fromEntries(names.map((name) => [name, this.env[`${name.toUpperCase()}_DATABASE_URL`]] as const));
    const missing = names.filter((name) => !given[name]);
    if (missing.length === 0) return given as Record<string, string>; // None is missing, as was just seen.
    const server = await EmbeddedPostgres.start({ dataDir: databaseFolder(this.options.data), port: this.ports.postgres });
    this.started('postgres', server);
    await server.ensureDatabases(missing);
    return Object.fromEntries(names.map((name) => [name, given[name] ?? server.url(name)]));
  }

  async redis(): Promise<string | undefined> {
    if (this.env.REDIS_URL) return this.env.REDIS_URL;
    const redis = await PrivateRedis.start({ dataDir: resolve(this.options.data, 'redis'), port: this.ports.redis });
    if (redis) {
      this.started('redis', redis);
      return redis.url;
    }
    if (this.options.split) throw new Error('The split form needs Redis: set REDIS_URL, or install redis-server (npm run setup).');
    this.starting.log.info({}, 'no redis-server found: books and limits are kept in this process (npm run setup installs it)');
    return undefined;
  }

  async sandbox(): Promise<string | undefined> {
    if (this.env.SANDBOX_URL) return this.env.SANDBOX_URL;
    if (this.env.STRIPE_SECRET_KEY) return undefined;
    const sandbox = await startSandbox(this.options.data, this.ports.sandbox);
    this.started('sandbox', sandbox);
    return sandbox.url;
  }

  async topics(): Promise<void> {
    this.stops.push(await prepareKafka(this.env, this.starting.log));
  }

  private started(name: string, part: { readonly pid: number; stop(): Promise<void> }): void {
    this.pids[name] = part.pid;
    this.stops.push(() => part.stop());
    this.starting.stopping.throwIfAborted();
  }
}
