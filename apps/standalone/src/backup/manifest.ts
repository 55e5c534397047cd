import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

export const MANIFEST = 'manifest.json';

const FileEntry = z.object({ path: z.string(), bytes: z.int(), sha256: z.string() });
const Table = z.object({ name: z.string(), rows: z.int(), file: FileEntry });
const Migration = z.object({ set: z.string(), number: z.int(), name: z.string(), checksum: z.string() });
const DatabaseEntry = z.object({ migrations: z.array(Migration), sequences: z.array(z.object({ name: z.string(), last: z.string() })), tables: z.array(Table) });

/** What a backup holds: enough to see that it is whole, and whether this build can take it in. */
const Manifest = z.object({
  format: z.literal(1),
  at: z.string(),
  /** How all databases came to be of one instant. */
  cut: z.enum(['one snapshot', 'behind locks', 'stopped']),
  databases: z.record(z.string(), DatabaseEntry),
  files: z.array(FileEntry),
  holdsSecrets: z.boolean(),
});
export type Manifest = z.infer<typeof Manifest>;
export type FileEntry = z.infer<typeof FileEntry>;
export type DatabaseEntry = z.infer<typeof DatabaseEntry>;

export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => {
    throw new Error(`There is no backup in ${folder}: it has no ${MANIFEST}.`);
  });
  const read = Manifest.safeParse(JSON.parse(text));
  if (!read.success) throw new Error(`The manifest in ${folder} is none that this version can read.`);
  return read.data;
}

export async function fileEntry(folder: string, path: string): Promise<FileEntry> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(join(folder, path)), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  });
  return { path, bytes, sha256: hash.digest('hex') };
}

/** Fails on the first file that is missing or is not what was written. */
export async function checkFiles(folder: string, { databases, files }: Manifest): Promise<void> {
  const all = [...Object.values(databases).flatMap(({ tables }) => tables.map(({ file }) => file)), ...files];
  for (const wanted of all) {
    const found = await fileEntry(folder, wanted.path).catch(() => undefined);
    if (!found) throw new Error(`The backup lacks ${wanted.path}.`);
    if (found.sha256 !== wanted.sha256) throw new Error(`${wanted.path} is not what was backed up: its hash differs.`);
  }
}
