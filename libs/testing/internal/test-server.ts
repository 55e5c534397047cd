import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@libs/chassis/free-ports';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { invariant } from '@libs/kernel/invariant';

const WAIT_MS_MAX = 60_000;
const STEP_MS = 25;

let known: Promise<number> | undefined;

/** The address of a database on the one server of this test run, which the first caller of all workers starts. */
export async function testServerUrl(database: string): Promise<string> {
  known ??= portOfRun();
  return `postgres://pairwise@127.0.0.1:${await known}/${database}`;
}

async function portOfRun(): Promise<number> {
  const run = process.env.PAIRWISE_TEST_RUN;
  invariant(run, 'tests with a database run under jest.config.cjs, whose global setup prepares the run');
  const file = join(run, 'port');
  if (!existsSync(file) && isFirst(run)) await startServer(run, file);
  for (let waited = 0; !existsSync(file); waited += STEP_MS) {
    invariant(waited < WAIT_MS_MAX, "the test run's database server did not start");
    await pause(STEP_MS);
  }
  return Number(readFileSync(file, 'utf8'));
}

/** One worker makes the folder; the others find it there. */
function isFirst(run: string): boolean {
  try {
    mkdirSync(join(run, 'starting'));
    return true;
  } catch {
    return false;
  }
}

async function startServer(run: string, file: string): Promise<void> {
  const port = await freePort(run);
  await EmbeddedPostgres.start({ dataDir: join(run, 'data'), port, fsync: false, outlivesStarter: true });
  writeFileSync(`${file}.new`, String(port));
  renameSync(`${file}.new`, file);
}
