import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Jest loads this file without our module names: it may import nothing of ours.

const PREFIX = 'pairwise-jest-';

/** A folder for this run, in which the first test that needs a database starts the run's one server. */
export default function prepareRun(): void {
  sweep();
  const run = mkdtempSync(join(tmpdir(), PREFIX));
  chmodSync(run, 0o755); // The server may have to run as another user.
  writeFileSync(join(run, 'owner'), String(process.pid));
  process.env.PAIRWISE_TEST_RUN = run; // Workers inherit it.
}

/** Runs that were killed leave a server and a folder behind. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const run = join(tmpdir(), name);
    const owner = numberIn(join(run, 'owner'));
    if (owner !== undefined && !isAlive(owner)) removeRun(run);
  }
}

/** Ends the run's server at once, since nobody needs its data, and removes the folder. */
export function removeRun(run: string): void {
  const server = numberIn(join(run, 'data', 'postmaster.pid'));
  if (server !== undefined && isServerOf(server, run)) process.kill(server, 'SIGQUIT');
  rmSync(run, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

function numberIn(file: string): number | undefined {
  const first = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
  return first > 1 ? first : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isServerOf(pid: number, run: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(run);
  } catch {
    return process.platform !== 'linux';
  }
}
