import { transformSync } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { freePort } from '@libs/chassis/free-ports';
import { temporaryFolder } from './temporary-folder';

const root = join(__dirname, '../..');
const sources = ['apps/sandbox/src', 'libs/kernel'];
const STARTS_WITHIN_MS = 50_000;

export interface SandboxProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** SIGKILL, as a power cut would have it; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; a data folder that was not given is removed. */
  stop(): Promise<void>;
}

/** Starts the sandbox as the process of its own that it is, on a free port unless one is given (to come back after a kill). */
export async function startSandbox(options: { dataDir?: string; port?: number } = {}): Promise<SandboxProcess> {
  const dataDir = options.dataDir ?? temporaryFolder('sandbox');
  const child = spawn(process.execPath, [join(compiled(), 'apps/sandbox/src/main.js')], {
    env: { SANDBOX_PORT: String(options.port ?? (await freePort(dataDir))), SANDBOX_DATA: dataDir },
    // The channel ends the sandbox when the test run itself is killed.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const port = await listeningPort(child);
  child.channel?.unref();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await gone;
  };
  return {
    url: `http://127.0.0.1:${port}`, port, pid: child.pid ?? 0, dataDir,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The sandbox in JavaScript, once per state of its sources; several test workers may build it at the same time. */
function compiled(): string {
  const files = sources.flatMap((folder) => typescriptFiles(join(root, folder)));
  const hash = createHash('sha256');
  const texts = files.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  for (const { file, text } of texts) hash.update(relative(root, file)).update('\0').update(text);
  const folder = join(root, 'node_modules/.cache', `sandbox-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  for (const { file, text } of texts) {
    const target = join(draft, relative(root, file)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, toJavaScript(file, text));
  }
  try {
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

function toJavaScript(file: string, text: string): string {
  return transformSync(text, {
    filename: file, swcrc: false, module: { type: 'commonjs' }, sourceMaps: 'inline',
    jsc: { target: 'es2023', parser: { syntax: 'typescript', decorators: true }, baseUrl: root, paths: { '@libs/*': ['./libs/*'] } },
  }).code;
}

function typescriptFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .sort()
    .map((name) => join(folder, name));
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`the sandbox did not start: ${said}`)), STARTS_WITHIN_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const port = /"msg":"listening".*?"port":(\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the sandbox ended with ${code}: ${said}`));
    });
  });
}
