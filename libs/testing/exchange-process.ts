import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { forgetOnEngines, namesOnEngines } from './given-engines';
import { temporaryFolder } from './temporary-folder';

/** What apps/standalone writes to `run.json` when it is ready. */
interface Run {
  readonly pid: number;
  readonly url: string;
  readonly sandboxUrl: string;
  readonly internal: Readonly<Record<string, string>>;
  readonly databases: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<string, number>>;
}

export interface ExchangeOptions {
  readonly split?: boolean;
  /** `FAILPOINTS` of the next start: `name:kill`, or `name:kill@3` for the third passage. */
  readonly failpoints?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const ROOT = resolve(__dirname, '../..');
/** The build: this very folder's when it runs from the build, as benchmarks do. */
export const BUILD = basename(ROOT) === 'dist' ? ROOT : join(ROOT, 'dist');
const MAIN = join(BUILD, 'apps/standalone/src/main.js');
const START_LIMIT_MS = 200_000;
const SETTLE_LIMIT_MS = 180_000;
const POLL_MS = 40;

/** A whole exchange as its users and its operator see it: processes, a data folder, a public door. Killed and started again at will. */
export class ExchangeProcess {
  private child: ChildProcess | undefined;
  private output = '';
  private armedAt = 0;
  private current: Run | undefined;

  private constructor(
    readonly data: string,
    private readonly options: ExchangeOptions,
  ) {}

  /** On a new data folder, or on one that is there. */
  static async start(options: ExchangeOptions = {}, data = temporaryFolder('exchange')): Promise<ExchangeProcess> {
    const exchange = new ExchangeProcess(data, options);
    await exchange.start(options);
    return exchange;
  }

  get run(): Run {
    if (!this.current) throw new Error(`The exchange is not running.\n${this.output}`);
    return this.current;
  }

  get url(): string {
    return this.run.url;
  }

  /** Everything that the processes have logged: a normal run has no warning in it. */
  get log(): string {
    return this.output;
  }

  /** Starts it, again after a kill. Without fail points unless they are named. */
  async start({ failpoints, env: more }: Omit<ExchangeOptions, 'split'> = {}): Promise<void> {
    const args = [MAIN, '--data', this.data, '--free-ports', '--no-seed', ...(this.options.split ? ['--split'] : [])];
    const env = { ...process.env, NODE_ENV: 'test', BCRYPT_COST: '4', NOTIFICATION_UNKNOWN_MS: '2000', ...namesOnEngines(this.data), ...this.options.env, ...more, ...(failpoints ? { FAILPOINTS: failpoints } : {}) };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    let ended = false;
    child.once('exit', () => (ended = true));
    await until('the exchange is ready', START_LIMIT_MS, () => {
      if (ended) throw new Error(`The exchange ended while it started:\n${this.output.slice(-4000)}`);
      return this.readyRun(child.pid);
    });
    this.current = this.readyRun(child.pid);
  }

  /** Waits until nothing is left to do: no event on its way, no step due, no webhook undelivered. Throws when a process has died. */
  async settled(limitMs = SETTLE_LIMIT_MS): Promise<void> {
    let quiet = 0;
    let busy: Record<string, number> = {};
    await until(() => `the exchange is settled; busy: ${JSON.stringify(busy)}`, limitMs, async () => {
      busy = await this.activity();
      quiet = Object.keys(busy).length === 0 ? quiet + 1 : 0;
      return quiet >= 3;
    });
  }

  /** Moves the business clock, one hour or less at a time, and lets the exchange settle at each step. */
  async passes(time: { hours?: number; days?: number; minutes?: number }, stepMs = 6 * 3_600_000): Promise<void> {
    let left = ((time.days ?? 0) * 24 + (time.hours ?? 0)) * 3_600_000 + (time.minutes ?? 0) * 60_000;
    while (left > 0) {
      const step = Math.min(left, stepMs);
      await this.post(`${this.url}/v1/test/clock/advance`, { ms: step });
      await this.settled();
      left -= step;
    }
  }

  /** Arms fail points now, when what they would have hit before is done; in split form those of one service, which is started again for it. */
  async arm(failpoints: string, service?: string): Promise<void> {
    const { child } = this;
    if (!child) throw new Error('The exchange is not running.');
    this.armedAt = this.output.length;
    // Answered by apps/standalone in this shape.
    const answer = new Promise<{ refused?: string }>((done) => child.once('message', (message) => done(message as { refused?: string })));
    child.send({ failpoints, service });
    const { refused } = await answer;
    if (refused) throw new Error(refused);
  }

  /** Resolves when the process (or in split form the named service) has died by its fail point. */
  async died(service?: string): Promise<void> {
    if (service) return until(`${service} has died`, SETTLE_LIMIT_MS, () => this.output.slice(this.armedAt).includes(`"dead_service":"${service}"`));
    const { child } = this;
    await until('the exchange has died', SETTLE_LIMIT_MS, () => child?.exitCode !== null || child?.signalCode !== null);
    if (child?.signalCode !== 'SIGKILL') throw new Error(`The exchange was not killed, it ended by itself:\n${this.output.slice(-4000)}`);
    this.current = undefined;
  }

  /** Resident memory by process, from the kernel. */
  memoryMb(): Record<string, number> {
    const sizes = Object.entries(this.run.pids).map(([name, pid]) => [name, residentMb(pid)] as const);
    return Object.fromEntries(sizes);
  }

  kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    return this.died();
  }

  /** As an operator stops it; the answer is the exit code. */
  async stop(): Promise<number> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? -1;
    const ended = new Promise<number>((done) => child.once('exit', (code) => done(code ?? -1)));
    child.kill('SIGTERM');
    const code = await ended;
    this.current = undefined;
    return code;
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    await forgetOnEngines(this.data);
    rmSync(this.data, { recursive: true, force: true });
  }

  /** What is not yet done, by service; empty when all is quiet. A service that does not answer is not quiet. */
  private async activity(): Promise<Record<string, number>> {
    const busy: Record<string, number> = {};
    const sources = { ...this.run.internal, sandbox: `${this.run.sandboxUrl}/control` };
    await Promise.all(
      Object.entries(sources).map(async ([name, url]) => {
        const answer = await fetch(`${url}/activity`).catch(() => undefined);
        // Either shape is a flat object of counts.
        const counts = (answer?.ok ? await answer.json() : { unreachable: 1 }) as Record<string, number>;
        for (const [what, count] of Object.entries(counts)) if (count > 0) busy[`${name}.${what}`] = count;
      }),
    );
    const child = this.child;
    if (child?.exitCode !== null || child?.signalCode !== null) throw new Error(`The exchange has ended:\n${this.output.slice(-4000)}`);
    return busy;
  }

  private readyRun(pid: number | undefined): Run | undefined {
    try {
      // Written by apps/standalone in this shape.
      const run = JSON.parse(readFileSync(join(this.data, 'run.json'), 'utf8')) as Run;
      return run.pid === pid ? run : undefined;
    } catch {
      return undefined;
    }
  }

  private async post(url: string, body: unknown): Promise<void> {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  }
}

function residentMb(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return Math.round(Number(kib) / 1024);
}

/** Waits for a condition, and says what it waited for when the time is up. */
export async function until(what: string | (() => string), limitMs: number, condition: () => unknown): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Waited ${limitMs} ms in vain until ${typeof what === 'string' ? what : what()}.`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}
