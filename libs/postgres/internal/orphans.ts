import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pause } from './pause';

const STOP_MS_MAX = 20_000;
const STEP_MS = 20;

/**
 * Whoever started a server and was killed leaves it behind; it ends, and is gone, before another may use its folder.
 * A server whose starter lives is left alone: its folder is in use.
 */
export async function stopOrphan(dataDir: string): Promise<void> {
  const orphan = Number(pidFile(dataDir)[0] ?? 0);
  if (!(orphan > 1) || !isServerOf(orphan, dataDir)) return;
  const starter = livingStarterOf(dataDir);
  if (starter !== undefined && starter !== process.pid) throw new Error(`${dataDir} is in use by process ${starter}: end that first`);
  process.kill(orphan, 'SIGINT');
  for (let waited = 0; isAlive(orphan); waited += STEP_MS) {
    if (waited > STOP_MS_MAX) throw new Error(`the server ${orphan} that still uses ${dataDir} does not end`);
    await pause(STEP_MS);
  }
}

/** Line by line: pid, folder, start, port, socket folder, address, shared memory, and `ready` once it takes connections. */
export function pidFile(dataDir: string): string[] {
  return textOf(path.join(dataDir, 'postmaster.pid')).split('\n').map((line) => line.trim());
}

export function rememberStarter(dataDir: string): void {
  writeFileSync(starterFile(dataDir), `${process.pid} ${birthOf(process.pid)}`, { mode: 0o600 });
}

/** Beside the folder, which belongs to the server. */
function starterFile(dataDir: string): string {
  return `${dataDir}.starter`;
}

function livingStarterOf(dataDir: string): number | undefined {
  const [pid, birth] = textOf(starterFile(dataDir)).split(' ');
  const isSame = Number(pid) > 1 && isAlive(Number(pid)) && birthOf(Number(pid)) === birth;
  return isSame ? Number(pid) : undefined;
}

/** A number goes to another process in time; together with its birth it stays one of a kind, where the system tells it. */
function birthOf(pid: number): string {
  const fields = textOf(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ');
  return fields?.[19] ?? 'unknown';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !textOf(`/proc/${pid}/stat`).includes(') Z '); // A dead child that nobody has fetched still answers.
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The number may have gone to another process since. */
function isServerOf(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false;
  return process.platform !== 'linux' || textOf(`/proc/${pid}/cmdline`).includes(dataDir);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
