import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { readRunFile, type RunFile, runningExchange } from '../run-file';
import { databaseFolder, databaseNames } from './environment';

export type Urls = Readonly<Record<string, string>>;

/** The addresses of all databases: those of the running exchange; else the operator's own; else the embedded server's, which is started for as long as the work takes. */
export async function withDatabases<T>(data: string, work: (urls: Urls, running: RunFile | undefined) => Promise<T>): Promise<T> {
  const running = runningExchange(data);
  if (running) return work(running.databases, running);
  const names = databaseNames(process.env);
  const configured = Object.fromEntries(names.map((name) => [name, process.env[`${name.toUpperCase()}_DATABASE_URL`] ?? '']));
  if (Object.values(configured).every((url) => url !== '')) return work(configured, undefined);
  const known = readRunFile(data);
  if (!known) throw new Error(`there is no exchange in ${data}`);
  const server = await EmbeddedPostgres.start({ dataDir: databaseFolder(data), port: Number(new URL(known.databases.user ?? '').port) });
  try {
    return await work(Object.fromEntries(Object.keys(known.databases).map((name) => [name, server.url(name)])), undefined);
  } finally {
    await server.stop();
  }
}
