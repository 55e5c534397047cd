import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface PrivateRedisOptions {
  readonly dataDir: string;
  readonly port: number;
}

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;
const LOOK_EVERY_MS = 20;
const RESTART_AFTER_MS = 500;
const PROGRAMS = ['redis-server', 'valkey-server'];

/** The Redis server of this machine, if it has one on its PATH. */
export function redisProgram(): string | undefined {
  return PROGRAMS.find((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** A Redis of our own, for those who name none: reachable from this machine alone, and started again when it dies. */
export class PrivateRedis {
  private server: ChildProcess;
  private isStopping = false;

  private constructor(
    private readonly program: string,
    private readonly options: PrivateRedisOptions,
  ) {
    this.server = this.spawn();
  }

  /** Nothing when no server is installed. */
  static async start(options: PrivateRedisOptions): Promise<PrivateRedis | undefined> {
    const program = redisProgram();
    if (!program) return undefined;
    mkdirSync(options.dataDir, { recursive: true });
    await endOrphan(resolve(options.dataDir));
    const redis = new PrivateRedis(program, options);
    try {
      await redis.untilReady();
    } catch (error) {
      await redis.stop();
      throw error;
    }
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.options.port}`;
  }

  get pid(): number {
    return this.server.pid ?? 0;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.hasEnded) return;
    const ended = new Promise((done) => this.server.once('exit', done));
    this.server.kill('SIGTERM');
    const late = setTimeout(() => this.server.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(late);
  }

  private get hasEnded(): boolean {
    return this.server.exitCode !== null || this.server.signalCode !== null || this.server.pid === undefined;
  }

  private spawn(): ChildProcess {
    const dataDir = resolve(this.options.dataDir);
    const settings = ['--bind', '127.0.0.1', '--port', String(this.options.port), '--save', '', '--appendonly', 'yes', '--dir', dataDir, '--pidfile', pidFileOf(dataDir), '--logfile', join(dataDir, 'redis.log'), '--daemonize', 'no'];
    const server = spawn(this.program, settings, {
      stdio: 'ignore',
      detached: true, // A group of its own: Ctrl-C in the terminal must not end it before those who use it.
    });
    server.once('error', () => undefined); // Seen as a server that never answers.
    const guard = endWithUs(server.pid);
    server.once('exit', () => {
      guard.kill('SIGKILL');
      guard.stdin.destroy();
      void this.restart();
    });
    return server;
  }

  private async restart(): Promise<void> {
    await pause(RESTART_AFTER_MS, undefined, { ref: false });
    if (!this.isStopping) this.server = this.spawn();
  }

  private async untilReady(): Promise<void> {
    const end = Date.now() + START_MS_MAX;
    while (!(await answersPing(this.options.port))) {
      if (this.hasEnded) throw new Error(`${this.program} ended while it started; see redis.log in ${this.options.dataDir}`);
      if (Date.now() > end) throw new Error(`${this.program} did not answer in ${START_MS_MAX} ms`);
      await pause(LOOK_EVERY_MS);
    }
  }
}

const pidFileOf = (dataDir: string) => join(dataDir, 'redis.pid');

/** Ends the server when this process is gone, however it went: the guard's input closes with us. */
function endWithUs(pid: number | undefined) {
  const guard = spawn('sh', ['-c', 'cat > /dev/null; kill "$0"', String(pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.once('error', () => undefined); // A machine without a shell keeps the server; the next start ends it.
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return guard;
}

/** A server whose starter was killed still sits on the port. It is ours only if it was started on this very folder. */
async function endOrphan(dataDir: string): Promise<void> {
  const pid = orphanOf(dataDir);
  if (pid === undefined) return;
  process.kill(pid, 'SIGTERM');
  const end = Date.now() + STOP_MS_MAX;
  while (orphanOf(dataDir) !== undefined && Date.now() < end) await pause(LOOK_EVERY_MS);
}

function orphanOf(dataDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFileOf(dataDir), 'utf8').trim());
    process.kill(pid, 0);
    const name = process.platform === 'linux' ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : 'redis-server';
    return /redis-server|valkey-server/.test(name) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 500 }, () => socket.write('PING\r\n'));
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
  });
}
