import { copyFile, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { atOneInstant } from '../adapters/postgres/one-instant';
import { dumpTables, migrationsIn, sequencesOf } from '../adapters/postgres/table-files';
import { withDatabases, type Urls } from '../launch/with-databases';
import { type DatabaseEntry, type FileEntry, fileEntry, type Manifest, MANIFEST } from './manifest';

export interface BackUp {
  readonly data: string;
  readonly to: string;
  /** Without them the operator keeps them apart, and names their folder at the restore. */
  readonly withSecrets: boolean;
}

export const SECRETS = 'secrets';
export const JOURNAL = 'sandbox/journal.ndjson';
/** Small files of the data folder that belong to it: which ports the outside world was told, and that the demo data is there. */
export const MARKS = ['ports.json', 'seeded'];

/** Everything that is truth, as of one instant, in one folder: whole under its name, or not there. */
export async function backUp({ data, to, withSecrets }: BackUp): Promise<Manifest> {
  const target = resolve(to);
  if (existsSync(target)) throw new Error(`${to} is there already: a backup is never written over.`);
  const unfinished = join(dirname(target), `.${basename(target)}.unfinished`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const manifest = await withDatabases(data, (urls, running) => cut(urls, { data, unfinished, withSecrets, isRunning: running !== undefined }));
  await writeFile(join(unfinished, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
  await rename(unfinished, target);
  return manifest;
}

interface Cut {
  readonly data: string;
  readonly unfinished: string;
  readonly withSecrets: boolean;
  readonly isRunning: boolean;
}

async function cut(urls: Urls, { data, unfinished, withSecrets, isRunning }: Cut): Promise<Manifest> {
  const journal = join(data, JOURNAL);
  const instant = await atOneInstant(urls, () => (existsSync(journal) ? statSync(journal).size : 0));
  try {
    const at = new Date().toISOString();
    const databases: Record<string, DatabaseEntry> = {};
    for (const [name, session] of instant.sessions) {
      const migrations = await migrationsIn(session);
      const dumped = await dumpTables(session, unfinished, `databases/${name}`);
      const tables = await Promise.all(dumped.map(async (table) => ({ name: table.name, rows: table.rows, file: await fileEntry(unfinished, table.path) })));
      databases[name] = { migrations, tables, sequences: await sequencesOf(session) };
    }
    const files = await otherFiles({ data, unfinished, withSecrets, journalBytes: instant.world });
    return { format: 1, at, cut: isRunning ? instant.how : 'stopped', databases, files, holdsSecrets: withSecrets };
  } finally {
    await instant.close();
  }
}

async function otherFiles({ data, unfinished, withSecrets, journalBytes }: { data: string; unfinished: string; withSecrets: boolean; journalBytes: number }): Promise<FileEntry[]> {
  const paths = [...MARKS.filter((mark) => existsSync(join(data, mark))), ...(withSecrets ? await filesIn(data, SECRETS) : [])];
  for (const path of paths) {
    await mkdir(dirname(join(unfinished, path)), { recursive: true, mode: 0o700 });
    await copyFile(join(data, path), join(unfinished, path));
  }
  if (journalBytes > 0) {
    await mkdir(dirname(join(unfinished, JOURNAL)), { recursive: true, mode: 0o700 });
    await copyStart(join(data, JOURNAL), join(unfinished, JOURNAL), journalBytes);
    paths.push(JOURNAL);
  }
  return Promise.all(paths.map((path) => fileEntry(unfinished, path)));
}

export async function filesIn(folder: string, part: string): Promise<string[]> {
  if (!existsSync(join(folder, part))) return [];
  const names = await readdir(join(folder, part), { recursive: true });
  const kinds = await Promise.all(names.map(async (name) => ({ path: `${part}/${name}`, isFile: (await stat(join(folder, part, name))).isFile() })));
  return kinds.filter(({ isFile }) => isFile).map(({ path }) => path).sort();
}

/** The journal grows while it is copied: what came after the instant is not a part of it. */
async function copyStart(from: string, to: string, bytes: number): Promise<void> {
  const [source, target] = [await open(from, 'r'), await open(to, 'wx', 0o600)];
  try {
    const buffer = Buffer.alloc(1 << 20);
    for (let copied = 0; copied < bytes; ) {
      const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, bytes - copied), copied);
      if (bytesRead === 0) throw new Error(`${from} has become shorter while it was copied`);
      await target.write(buffer, 0, bytesRead);
      copied += bytesRead;
    }
    await target.sync();
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}
