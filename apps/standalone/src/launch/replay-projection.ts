import { kafkaSchema } from '@libs/chassis/chassis-config';
import { SystemWallClock } from '@libs/chassis/clocks';
import type { Environment } from '@libs/chassis/config';
import { Log } from '@libs/chassis/log';
import { openBus } from '@libs/chassis/open-bus';
import type { ServiceDefinition } from '@libs/chassis/service';
import { RETENTION_DAYS } from '@libs/events/bus';
import { LogIncomplete, type Replayed, replay } from '@libs/events/replay';
import type { WallClock } from '@libs/kernel/clock';
import { Database } from '@libs/postgres/database';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import { readRunFile, runningExchange } from '../run-file';
import { databaseFolder } from './environment';

const POOL_SIZE = 2;
const DAY_MS = 24 * 3_600_000;
/** What can be had from the owners of its facts as well, whole. */
const REBUILT: ReadonlySet<string> = new Set(['search', 'analytics']);

export interface ReplayDemand {
  readonly service: ServiceDefinition;
  readonly data: string;
  readonly env: Environment;
  readonly since?: Date | undefined;
}

/** Empties what a service keeps from events alone, and sets its consumer back: its next start fills it anew. Nothing of the exchange may run meanwhile. */
export async function replayProjection({ service, data, env, since }: ReplayDemand): Promise<Replayed> {
  const { name, projection } = service;
  if (!projection) throw new Error(`${name} keeps no projection of events: a replay would do its work a second time.`);
  if (runningExchange(data)) throw new Error(`An exchange runs on ${data}: stop it first, its consumer would be at work meanwhile.`);
  const { urls, stop } = await databasesOf(name, data, env);
  const log = new Log({ service: 'standalone', level: 'warn' });
  const database = await Database.open({ name, url: urls.service, poolSize: POOL_SIZE });
  const { bus, close } = await openBus({ ...kafkaSchema.parse(env), url: urls.bus, poolSize: POOL_SIZE, log });
  try {
    const transactions = new PostgresTransactions(database, []);
    return await replay({ bus, sql: database.sql, transactions, consumer: name, tables: projection.tables, topics: projection.topics, ...(since && { since }) });
  } catch (error) {
    if (error instanceof LogIncomplete) throw new Error(`Nothing has changed: ${error.message}, so ${REBUILT.has(name) ? `ask its owners instead: npm run cli -- rebuild ${name}` : `say from when: --since ${earliest(new SystemWallClock())} takes all that there is`}.`);
    throw error;
  } finally {
    await close();
    await database.close();
    await stop();
  }
}

/** The log holds nothing from before. */
function earliest(clock: WallClock): string {
  return `${new Date(clock.now().getTime() - RETENTION_DAYS * DAY_MS).toISOString().slice(0, -'.000Z'.length)}Z`;
}

/** Those that the environment names, else those of the data folder, whose server runs for as long as this takes. */
async function databasesOf(name: string, data: string, env: Environment): Promise<{ urls: { service: string; bus: string }; stop(): Promise<void> }> {
  const [service, bus] = [env[`${name.toUpperCase()}_DATABASE_URL`], env.BUS_DATABASE_URL];
  if (service && (bus || env.KAFKA_BROKERS)) return { urls: { service, bus: bus ?? '' }, stop: async () => undefined };
  const known = readRunFile(data)?.databases[name];
  if (!known) throw new Error(`There is no exchange in ${data}.`);
  const server = await EmbeddedPostgres.start({ dataDir: databaseFolder(data), port: Number(new URL(known).port) });
  return { urls: { service: service ?? server.url(name), bus: bus ?? server.url('bus') }, stop: () => server.stop() };
}
