import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { kafkaSchema, pausedSchema } from '@libs/chassis/chassis-config';
import { ConfigError } from '@libs/chassis/config';
import { Log } from '@libs/chassis/log';
import { onStopSignal } from '@libs/chassis/signals';
import { services } from '@libs/contracts/events';
import { armOnDemand } from './launch/arm-on-demand';
import { internalUrl, serviceEnvironment } from './launch/environment';
import { type Infrastructure, startInfrastructure } from './launch/infrastructure';
import { startInOneProcess } from './launch/one-process';
import { startSplit } from './launch/split';
import { type Options, parseOptions } from './options';
import { keptFreePorts, usualPorts } from './ports';
import { runningExchange, writeRunFile } from './run-file';
import { seedOnce } from './seed/seed-once';
import { type Login, welcome } from './welcome';

/** The whole exchange on one machine. */
async function main(options: Options): Promise<void> {
  const { data } = options;
  const other = runningExchange(data);
  if (other && other.pid !== process.pid) throw new Error(`An exchange already runs on ${data}: ${other.url} (process ${other.pid}).`);
  if (options.reset && existsSync(data)) rmSync(data, { recursive: true });
  mkdirSync(data, { recursive: true });

  const log = new Log({ service: 'standalone', level: process.env.LOG_LEVEL === 'silent' ? 'silent' : 'warn' });
  const ports = options.freePorts ? await keptFreePorts(data) : usualPorts;
  const infrastructure = await startInfrastructure(process.env, options, ports, log);
  const env = { LOG_LEVEL: 'warn', ...serviceEnvironment(process.env, data, ports, infrastructure) };
  const running = await (options.split ? startSplit(env, data, ports, log) : startInOneProcess(env, infrastructure.databases.bus ?? '', log)).catch(async (error: unknown) => {
    await infrastructure.stop();
    throw error;
  });
  const stop = async () => {
    await running.stop();
    await infrastructure.stop();
  };
  onStopSignal(stop);
  armOnDemand(running);

  const url = `http://127.0.0.1:${ports.gateway}`;
  const logins = await seeded(options, url, infrastructure).catch(async (error: unknown) => {
    await stop();
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
}

async function seeded({ seed, data }: Options, url: string, { sandboxUrl, databases }: Infrastructure): Promise<Login[]> {
  return seed && sandboxUrl ? seedOnce({ data, url, sandboxUrl, userDatabase: databases.user ?? '' }) : [];
}

main(parseOptions(process.argv.slice(2))).catch((error: unknown) => {
  const text = error instanceof ConfigError ? error.message : error instanceof Error ? error.message : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
