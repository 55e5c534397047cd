import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { invariant } from '@libs/kernel/invariant';
import { freePort } from '../free-port';

const START_TRIES = 5;
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
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      await EmbeddedPostgres.start({ dataDir: join(run, 'data'), port, fsync: false, outlivesStarter: true });
      writeFileSync(`${file}.new`, String(port));
      return renameSync(`${file}.new`, file);
    } catch (error) {
      if (tries === START_TRIES) throw error; // Else another took the port between the look and the start.
    }
  }
}
