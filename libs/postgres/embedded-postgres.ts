import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { escapeIdentifier } from 'pg';
import { HeardClient } from './heard-client';
import { dataFolder, placeOf, removeDataFolder, USER } from './internal/data-folder';
import { findBinaries, type Binaries } from './internal/embedded-binaries';
import { pidFile, rememberStarter, stopOrphan } from './internal/orphans';
import { pause } from './internal/pause';

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly port: number;
  /** False only in tests that do not kill the server: a crash of the machine may then lose data. */
  readonly fsync?: boolean;
  /** Whether the process that started it may end without stopping it: tests share one server among processes. */
  readonly outlivesStarter?: boolean;
}

/** Recovery after a kill reads what was written since the last checkpoint, on a machine that may be busy. */
const START_MS_MAX = 120_000;
const STOP_MS_MAX = 20_000;
const STEP_MS = 20;
const RESTART_MS = 500;
const RESTARTS_MAX = 20;

/** A PostgreSQL server of our own: loopback only, no socket file, checksums on. One that crashes is started again. */
export class EmbeddedPostgres {
  /** The exit code, once it has ended for good: stopped, or unable to start again. */
  readonly exited: Promise<number | null>;
  private server: ChildProcess | undefined;
  private isStopping = false;
  private restarting: Promise<void> | undefined;
  private end: (code: number | null) => void = () => undefined;

  private constructor(
    private readonly options: EmbeddedPostgresOptions,
    private readonly binaries: Binaries,
    /** Where its data are; the folder that was asked for is a link to it if the server's user cannot get there. */
    readonly dataDir: string,
  ) {
    this.exited = new Promise((resolve) => (this.end = resolve));
  }

  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const binaries = findBinaries();
    const postgres = new EmbeddedPostgres(options, binaries, dataFolder(options.dataDir, binaries));
    await postgres.launch();
    return postgres;
  }

  /** Removes a server's data for good, wherever they are kept. One that its killed starter left behind is ended; one in use is refused. */
  static async remove(dataDir: string): Promise<void> {
    await stopOrphan(placeOf(dataDir));
    removeDataFolder(dataDir);
  }

  get port(): number {
    return this.options.port;
  }

  get pid(): number {
    return this.server?.pid ?? 0;
  }

  url(database: string): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/${database}`;
  }

  async ensureDatabases(names: readonly string[]): Promise<void> {
    const client = new HeardClient({ connectionString: this.url('postgres') });
    await client.connect();
    try {
      const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
      const present = new Set(rows.map(({ datname }) => datname));
      for (const name of names) if (!present.has(name)) await client.query(`create database ${escapeIdentifier(name)} strategy file_copy`);
    } finally {
      await client.end();
    }
  }

  /** Ends the sessions, writes a checkpoint, and resolves when the process is gone. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.restarting;
    this.server?.ref();
    this.server?.kill('SIGINT');
    for (let waited = 0; this.isRunning && waited < STOP_MS_MAX; waited += STEP_MS) await pause(STEP_MS);
    if (this.isRunning) this.server?.kill('SIGQUIT');
    await this.exited;
  }

  private get isRunning(): boolean {
    return this.server !== undefined && !hasEnded(this.server);
  }

  private async launch(): Promise<void> {
    const { options, binaries, dataDir } = this;
    await stopOrphan(dataDir);
    const logFile = `${dataDir}.log`;
    const log = openSync(logFile, 'a', 0o600);
    const server = spawn(binaries.executable('postgres'), serverArguments(dataDir, options), {
      ...binaries.identity,
      stdio: ['ignore', 'ignore', log],
      detached: true, // A group of its own: Ctrl-C in the terminal must not end it before those who use it.
    });
    closeSync(log);
    this.server = server;
    rememberStarter(dataDir);
    await untilReady(server, dataDir, logFile);
    if (options.outlivesStarter) server.unref();
    server.once('exit', (code) => (this.restarting = this.ended(code)));
  }

  /** A fast shutdown ends with 0: somebody wanted it to end. */
  private async ended(code: number | null): Promise<void> {
    for (let tries = 0; code !== 0 && !this.isStopping && tries < RESTARTS_MAX; tries++) {
      try {
        return await this.launch();
      } catch {
        await pause(RESTART_MS); // Sessions of the one before may still hold its memory.
      }
    }
    this.end(code);
  }
}

function serverArguments(dataDir: string, { port, fsync = true }: EmbeddedPostgresOptions): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    synchronous_commit: fsync ? 'on' : 'off',
    fsync: fsync ? 'on' : 'off',
    full_page_writes: fsync ? 'on' : 'off',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
    log_min_error_statement: 'panic', // Statements carry personal data.
    // Recovery would else flush every file of every database one by one.
    ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
  };
  return ['-D', dataDir, '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

async function untilReady(server: ChildProcess, dataDir: string, logFile: string): Promise<void> {
  let failure: Error | undefined;
  server.once('error', (error) => (failure = error));
  for (let waited = 0; ; waited += STEP_MS) {
    const [pid, , , , , , , status] = pidFile(dataDir);
    if (Number(pid) === server.pid && status === 'ready') return;
    if (failure || hasEnded(server) || waited > START_MS_MAX) {
      server.kill('SIGQUIT');
      throw new Error(`PostgreSQL did not start: ${failure?.message ?? lastLinesOf(logFile)}`);
    }
    await pause(STEP_MS);
  }
}

function lastLinesOf(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n');
}
