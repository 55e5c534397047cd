import { mkdirSync, rmSync } from 'node:fs';
import { kafkaSchema, pausedSchema } from '@libs/chassis/chassis-config';
import { ConfigError } from '@libs/chassis/config';
import { Log } from '@libs/chassis/log';
import { onStopSignal } from '@libs/chassis/signals';
import { services } from '@libs/contracts/events';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { armOnDemand } from './launch/arm-on-demand';
import { databaseFolder, internalUrl, serviceEnvironment } from './launch/environment';
import { type Infrastructure, startInfrastructure } from './launch/infrastructure';
import { startInOneProcess } from './launch/one-process';
import type { Running, Starting } from './launch/running';
import { startSplit } from './launch/split';
import { type Options, parseOptions } from './options';
import { keptFreePorts, type Ports, usualPorts } from './ports';
import { runningExchange, writeRunFile } from './run-file';
import { seedOnce } from './seed/seed-once';
import { type Login, welcome } from './welcome';

interface Exchange {
  readonly infrastructure: Infrastructure;
  readonly running: Running;
  stop(): Promise<void>;
}

/** The whole exchange on one machine. A stop signal counts from the first moment on: what has been started by then is stopped. */
async function main(options: Options): Promise<void> {
  const stop = new AbortController();
  const ended = run(options, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
    return undefined;
  });
  onStopSignal(async () => {
    stop.abort();
    await (await ended)?.stop();
  });
  await ended;
}

async function run(options: Options, stopping: AbortSignal): Promise<Exchange> {
  const { data } = options;
  const other = runningExchange(data);
  if (other && other.pid !== process.pid) throw new Error(`An exchange already runs on ${data}: ${other.url} (process ${other.pid}).`);
  if (options.reset) await reset(data);
  mkdirSync(data, { recursive: true });

  const log = new Log({ service: 'standalone', level: process.env.LOG_LEVEL === 'silent' ? 'silent' : 'warn' });
  const ports = options.freePorts ? await keptFreePorts(data) : usualPorts;
  const exchange = await start(options, ports, { log, stopping });
  const { infrastructure, running } = exchange;
  armOnDemand(running);

  const url = `http://127.0.0.1:${ports.gateway}`;
  const logins = await Promise.race([seeded(options, url, infrastructure), aborted(stopping)]).catch(async (error: unknown) => {
    await exchange.stop();
    throw error;
  });
  writeRunFile(data, {
    pid: process.pid,
    url,
    sandboxUrl: infrastructure.sandboxUrl ?? '',
    split: options.split,
    internal: Object.fromEntries(services.map((name) => [name, internalUrl(ports, name)])) as Record<(typeof services)[number], string>, // All of them, by name.
    databases: infrastructure.databases,
    redisUrl: infrastructure.redisUrl,
    kafka: kafkaSchema.parse(process.env).kafka,
    paused: pausedSchema.parse(process.env),
    pids: { ...infrastructure.pids, ...running.pids },
  });
  process.stdout.write(welcome(url, infrastructure.sandboxUrl, logins));
  return exchange;
}

async function start(options: Options, ports: Ports, starting: Starting): Promise<Exchange> {
  const infrastructure = await startInfrastructure(process.env, options, ports, starting);
  const env = { LOG_LEVEL: 'warn', ...serviceEnvironment(process.env, options.data, ports, infrastructure) };
  try {
    const running = await (options.split ? startSplit(env, options.data, ports, starting) : startInOneProcess(env, infrastructure.databases.bus ?? '', starting));
    const stop = async () => {
      await running.stop();
      await infrastructure.stop();
    };
    return { infrastructure, running, stop };
  } catch (error) {
    await infrastructure.stop();
    throw error;
  }
}

/** As if there had never been an exchange there. */
async function reset(data: string): Promise<void> {
  await EmbeddedPostgres.remove(databaseFolder(data));
  rmSync(data, { recursive: true, force: true });
}

async function seeded({ seed, data }: Options, url: string, { sandboxUrl, databases }: Infrastructure): Promise<Login[]> {
  return seed && sandboxUrl ? seedOnce({ data, url, sandboxUrl, userDatabase: databases.user ?? '' }) : [];
}

/** Fails when it is time to stop. */
function aborted(stopping: AbortSignal): Promise<never> {
  return new Promise((_done, fail) => {
    stopping.throwIfAborted();
    stopping.addEventListener('abort', () => fail(stopping.reason));
  });
}

main(parseOptions(process.argv.slice(2))).catch((error: unknown) => {
  const text = error instanceof ConfigError ? error.message : error instanceof Error ? error.message : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
