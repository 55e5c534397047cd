import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { kafkaSchema } from '@libs/chassis/chassis-config';
import { announceAgain } from '@libs/events/announce-again';
import { topicsThere } from '@libs/events/kafka-topics';
import { freePort } from '@libs/chassis/free-ports';
import { Database } from '@libs/postgres/database';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { migrate, migrationsOf } from '@libs/postgres/migrate';
import { countTables } from '../adapters/postgres/count-tables';
import { loadDatabase } from '../adapters/postgres/table-files';
import { databaseFolder, databaseNames } from '../launch/environment';
import { filesIn, SECRETS } from './back-up';
import { checkFiles, type DatabaseEntry, type Manifest, readManifest } from './manifest';
import { setsOf } from './sets';

/** The database of the log between services. */
const LOG = 'bus';

export interface Restore {
  readonly from: string;
  /** A new data folder. */
  readonly data: string;
  /** Where the secrets were kept, if apart from the backup. */
  readonly secrets?: string;
}

/** Makes a data folder anew from a backup. Nothing that is there is ever written over. */
export async function restore({ from, data, secrets }: Restore): Promise<Manifest> {
  if (existsSync(data) && readdirSync(data).length > 0) throw new Error(`${data} is not empty: a restore goes into a new folder.`);
  const manifest = await readManifest(from);
  for (const name of databaseNames(process.env)) if (!manifest.databases[name] && name !== LOG) throw new Error(`The backup has no database ${name}.`);
  const isLogNew = await beginsAnew(manifest);
  for (const [name, database] of Object.entries(manifest.databases)) refuseNewer(name, database);
  await checkFiles(from, manifest);
  if (!manifest.holdsSecrets && !secrets) throw new Error('This backup was made without secrets: name the folder that holds them with --secrets. Without them nobody can read what is encrypted.');
  await mkdir(data, { recursive: true, mode: 0o711 }); // Open as far as the database's server must get through it.
  await restoreFiles(manifest, { from, data, secrets });
  await intoDatabases(data, async (name, url) => {
    const database = manifest.databases[name];
    if (!database) return; // The log's: its tables are made at the start, and filled from the outboxes.
    if ((await countTables(url)) > 0) throw new Error(`The database ${name} is not empty: a restore goes into new databases.`);
    const landed = new Set(database.migrations.map(({ set, number }) => `${set}/${number}`));
    // As they were then; the next start brings them up to date.
    await migrate(url, setsOf(name), ({ set, number }) => landed.has(`${set}/${number}`));
    await loadDatabase(url, from, database);
    if (isLogNew) await allGoesOutAgain(name, url);
  });
  return manifest;
}

/** Whether the log between services is not the backup's: it is on Kafka now, or was then. One that holds events of after the backup would tell of what never was. */
async function beginsAnew({ databases }: Manifest): Promise<boolean> {
  const { kafka } = kafkaSchema.parse(process.env);
  if (!kafka) return !databases[LOG];
  const [topic] = await topicsThere(kafka);
  if (topic) throw new Error(`The topic ${topic} is on the brokers already, and may hold what came after the backup: name another KAFKA_PREFIX, and start the exchange with it.`);
  return true;
}

async function allGoesOutAgain(name: string, url: string): Promise<void> {
  const database = await Database.open({ name, url, poolSize: 1 });
  try {
    await announceAgain(database.sql);
  } finally {
    await database.close();
  }
}

function refuseNewer(name: string, { migrations }: DatabaseEntry): void {
  const known = new Map(setsOf(name).flatMap(migrationsOf).map(({ set, number, checksum }) => [`${set}/${number}`, checksum]));
  const strange = migrations.find(({ set, number, checksum }) => known.get(`${set}/${number}`) !== checksum);
  if (strange) throw new Error(`The database ${name} has the migration ${strange.set}/${strange.name}, which this version does not: take a newer version.`);
}

async function restoreFiles({ files }: Manifest, { from, data, secrets }: { from: string; data: string; secrets: string | undefined }): Promise<void> {
  const copies = files.map(({ path }) => ({ source: join(from, path), path }));
  if (secrets) copies.push(...(await filesIn(resolve(secrets), '.')).map((path) => ({ source: join(secrets, path), path: join(SECRETS, path) })));
  for (const { source, path } of copies) {
    await mkdir(dirname(join(data, path)), { recursive: true, mode: 0o700 });
    await copyFile(source, join(data, path));
  }
}

/** The operator's own databases where addresses are given for all; else those of an embedded server in the new folder. */
async function intoDatabases(data: string, fill: (name: string, url: string) => Promise<void>): Promise<void> {
  const names = databaseNames(process.env);
  const given = Object.fromEntries(names.map((name) => [name, process.env[`${name.toUpperCase()}_DATABASE_URL`]]));
  const missing = names.filter((name) => !given[name]);
  const server = missing.length > 0 ? await EmbeddedPostgres.start({ dataDir: databaseFolder(data), port: await freePort(data) }) : undefined;
  try {
    await server?.ensureDatabases(missing);
    for (const name of names) await fill(name, given[name] ?? server?.url(name) ?? '');
  } finally {
    await server?.stop();
  }
}
