import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { START_MS_MAX } from './running';

const MAIN = join(__dirname, '../../../sandbox/src/main.js');
const STOP_MS_MAX = 10_000;
const STEP_MS = 30;

/** The outside world in a box. It outlives us when we are killed, as the world would; the next start finds it again. */
export interface Sandbox {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startSandbox(data: string, port: number): Promise<Sandbox> {
  const folder = resolve(data, 'sandbox');
  mkdirSync(folder, { recursive: true });
  const pidFile = join(folder, 'pid');
  const url = `http://127.0.0.1:${port}`;
  const left = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
  const pid = isAlive(left) && (await answers(url)) ? left : spawnSandbox(folder, port);
  writeFileSync(pidFile, String(pid));
  for (let waited = 0; !(await answers(url)); waited += STEP_MS) {
    if (!isAlive(pid) || waited > START_MS_MAX) throw new Error(`the sandbox did not start; see ${join(folder, 'sandbox.log')}`);
    await pause();
  }
  return { url, pid, stop: () => stop(pid) };
}

function spawnSandbox(folder: string, port: number): number {
  const log = openSync(join(folder, 'sandbox.log'), 'a');
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, SANDBOX_PORT: String(port), SANDBOX_DATA: folder },
    stdio: ['ignore', log, log],
    detached: true, // A group of its own: Ctrl-C must not end it before those who use it.
  });
  closeSync(log);
  child.unref();
  return child.pid ?? 0;
}

async function stop(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; isAlive(pid); waited += STEP_MS) {
    if (waited > STOP_MS_MAX) process.kill(pid, 'SIGKILL');
    await pause();
  }
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/clock`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
  return answer?.ok === true;
}

function isAlive(pid: number): boolean {
  if (!(pid > 1)) return false;
  try {
    process.kill(pid, 0);
    // A child that has ended but was not waited for still takes signals.
    return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

const pause = () => new Promise((done) => setTimeout(done, STEP_MS));
