import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { ReadOnlyDatabase } from './adapters/postgres/read-only-database';
import { RedisLiveBooks } from './adapters/redis/redis-live-books';
import { SandboxProviderBooks } from './adapters/sandbox/sandbox-provider-books';
import { databaseNames } from './launch/environment';
import { readRunFile, runningExchange } from './run-file';
import { checkAll, type Verdict } from './verify/check-all';
import { conclusionOf, lineOf } from './verify/say';
import type { Stores } from './verify/invariant';

interface Opened {
  readonly look: () => Promise<Stores>;
  close(): Promise<void>;
}

async function main(data: string): Promise<number> {
  const run = runningExchange(data);
  const verdicts = await (run ? verify(await open(run.databases, run.redisUrl, run.sandboxUrl), true) : verifyStopped(data));
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

/** Starts the embedded server for as long as the checks take. */
async function verifyStopped(data: string): Promise<Verdict[]> {
  const configured = Object.fromEntries(databaseNames.map((name) => [name, process.env[`${name.toUpperCase()}_DATABASE_URL`] ?? '']));
  if (Object.values(configured).every((url) => url !== '')) return verify(await open(configured, process.env.REDIS_URL, ''), false);
  const known = readRunFile(data);
  if (!known) throw new Error(`there is no exchange in ${data}`);
  const port = Number(new URL(known.databases.bus ?? '').port);
  const server = await EmbeddedPostgres.start({ dataDir: resolve(data, 'postgres'), port });
  try {
    return await verify(await open(Object.fromEntries(databaseNames.map((name) => [name, server.url(name)])), undefined, ''), false);
  } finally {
    await server.stop();
  }
}

async function open(urls: Readonly<Record<string, string>>, redisUrl: string | undefined, sandboxUrl: string): Promise<Opened> {
  const databases = await Promise.all(databaseNames.map(async (name) => [name, await ReadOnlyDatabase.open(urls[name] ?? '')] as const));
  const books = redisUrl ? await RedisLiveBooks.open(redisUrl) : undefined;
  const provider = sandboxUrl ? new SandboxProviderBooks(sandboxUrl) : undefined;
  const stores = Object.fromEntries(databases) as unknown as Omit<Stores, 'books' | 'provider' | 'now'>; // Opened by these very names.
  return {
    look: async () => ({ ...stores, books, provider, now: await businessTime(sandboxUrl) }),
    close: async () => {
      books?.close();
      await Promise.all(databases.map(([, database]) => database.close()));
    },
  };
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
