import { resolve } from 'node:path';
import type { Environment } from '@libs/chassis/config';
import type { Log } from '@libs/chassis/log';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { PrivateRedis } from '@libs/redis/private-redis';
import { makeServiceKeys } from '@libs/rpc/service-keys';
import type { Options } from '../options';
import type { Ports } from '../ports';
import { type Backing, databaseNames, serviceKeysFolder } from './environment';
import { startSandbox } from './sandbox';

export interface Infrastructure extends Backing {
  readonly pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** What the services stand on: each part is the operator's own where an address is given, else an embedded one. */
export async function startInfrastructure(env: Environment, options: Options, ports: Ports, log: Log): Promise<Infrastructure> {
  const stops: (() => Promise<void>)[] = [];
  const pids: Record<string, number> = {};
  const stop = async () => {
    for (const undo of stops.splice(0).reverse()) await undo();
  };
  try {
    makeServiceKeys(serviceKeysFolder(options.data));
    const databases = await databasesOf(env, options, ports, pids, stops);
    const redisUrl = await redisOf(env, options, ports, pids, stops, log);
    const sandboxUrl = await sandboxOf(env, options, ports, pids, stops);
    return { databases, redisUrl, sandboxUrl, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Pids = Record<string, number>;
type Stops = (() => Promise<void>)[];

async function databasesOf(env: Environment, options: Options, ports: Ports, pids: Pids, stops: Stops): Promise<Record<string, string>> {
  const given = Object.fromEntries(databaseNames.map((name) => [name, env[`${name.toUpperCase()}_DATABASE_URL`]] as const));
  const missing = databaseNames.filter((name) => !given[name]);
  if (missing.length === 0) return given as Record<string, string>; // None is missing, as was just seen.
  const server = await EmbeddedPostgres.start({ dataDir: resolve(options.data, 'postgres'), port: ports.postgres });
  pids.postgres = server.pid;
  stops.push(() => server.stop());
  await server.ensureDatabases(missing);
  return Object.fromEntries(databaseNames.map((name) => [name, given[name] ?? server.url(name)]));
}

async function redisOf(env: Environment, options: Options, ports: Ports, pids: Pids, stops: Stops, log: Log): Promise<string | undefined> {
  if (env.REDIS_URL) return env.REDIS_URL;
  const redis = await PrivateRedis.start({ dataDir: resolve(options.data, 'redis'), port: ports.redis });
  if (redis) {
    pids.redis = redis.pid;
    stops.push(() => redis.stop());
    return redis.url;
  }
  if (options.split) throw new Error('The split form needs Redis: set REDIS_URL, or install redis-server (npm run setup).');
  log.info({}, 'no redis-server found: books and limits are kept in this process (npm run setup installs it)');
  return undefined;
}

async function sandboxOf(env: Environment, options: Options, ports: Ports, pids: Pids, stops: Stops): Promise<string | undefined> {
  if (env.SANDBOX_URL) return env.SANDBOX_URL;
  if (env.STRIPE_SECRET_KEY) return undefined;
  const sandbox = await startSandbox(options.data, ports.sandbox);
  pids.sandbox = sandbox.pid;
  stops.push(() => sandbox.stop());
  return sandbox.url;
}
