import { parseArgs } from 'node:util';
import { kafkaSchema } from '@libs/chassis/chassis-config';
import type { KafkaSettings } from '@libs/events/kafka-settings';
import { KafkaLog } from './adapters/kafka/kafka-log';
import { PostgresLog } from './adapters/postgres/postgres-log';
import { ReadOnlyDatabase } from './adapters/postgres/read-only-database';
import { RedisLiveBooks } from './adapters/redis/redis-live-books';
import { SandboxProviderBooks } from './adapters/sandbox/sandbox-provider-books';
import { withDatabases } from './launch/with-databases';
import { readRunFile } from './run-file';
import { checkAll, type Verdict } from './verify/check-all';
import { conclusionOf, lineOf } from './verify/say';
import { type BusLog, serviceStores, type Stores } from './verify/invariant';

interface Opened {
  readonly look: () => Promise<Stores>;
  close(): Promise<void>;
}

async function main(data: string): Promise<number> {
  // Of a stopped exchange there is neither Redis nor a provider to compare with, unless the operator's own Redis runs on.
  const verdicts = await withDatabases(data, async (urls, run) => verify(
    await open(urls, { kafka: run ? run.kafka : kafkaOf(data), redisUrl: run ? run.redisUrl : process.env.REDIS_URL, sandboxUrl: run?.sandboxUrl, paused: run?.paused }), run !== undefined,
  ));
  for (const verdict of verdicts) process.stdout.write(lineOf(verdict));
  const broken = verdicts.filter(({ offenders }) => offenders.length > 0).length;
  process.stdout.write(`\n${conclusionOf(verdicts)}\n`);
  return broken === 0 ? 0 : 1;
}

async function verify(opened: Opened, isRunning: boolean): Promise<Verdict[]> {
  try {
    return await checkAll(isRunning, opened.look);
  } finally {
    await opened.close();
  }
}

/** Of a stopped exchange: the operator's brokers, or those that it ran on. */
function kafkaOf(data: string): KafkaSettings | undefined {
  return kafkaSchema.parse(process.env).kafka ?? readRunFile(data)?.kafka;
}

interface Beside {
  readonly kafka?: KafkaSettings | undefined;
  readonly redisUrl?: string | undefined;
  readonly sandboxUrl?: string | undefined;
  readonly paused?: readonly string[] | undefined;
}

async function open(urls: Readonly<Record<string, string>>, { kafka, redisUrl, sandboxUrl = '', paused = [] }: Beside): Promise<Opened> {
  const databases = await Promise.all(serviceStores.map(async (name) => [name, await ReadOnlyDatabase.open(urls[name] ?? '')] as const));
  const { bus, close } = await logOf(kafka, urls.bus ?? '');
  const books = redisUrl ? await RedisLiveBooks.open(redisUrl) : undefined;
  const provider = sandboxUrl ? new SandboxProviderBooks(sandboxUrl) : undefined;
  const stores = Object.fromEntries(databases) as unknown as Pick<Stores, (typeof serviceStores)[number]>; // Opened by these very names.
  return {
    look: async () => ({ ...stores, bus, books, provider, paused, now: await businessTime(sandboxUrl) }),
    close: async () => {
      books?.close();
      await close();
      await Promise.all(databases.map(([, database]) => database.close()));
    },
  };
}

async function logOf(kafka: KafkaSettings | undefined, url: string): Promise<{ bus: BusLog; close(): Promise<void> }> {
  if (kafka) {
    const log = new KafkaLog(kafka);
    return { bus: log, close: () => log.close() };
  }
  const database = await ReadOnlyDatabase.open(url);
  return { bus: new PostgresLog(database), close: () => database.close() };
}

async function businessTime(sandboxUrl: string): Promise<Date> {
  if (!sandboxUrl) return new Date();
  const { now } = (await (await fetch(`${sandboxUrl}/clock`)).json()) as { now: string | number }; // The sandbox's own shape.
  return new Date(now);
}

const { values } = parseArgs({ options: { data: { type: 'string', default: '.data' } } });
main(values.data).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  },
);
