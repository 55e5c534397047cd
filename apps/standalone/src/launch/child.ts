import { type ChildProcess, spawn } from 'node:child_process';
import type { Environment } from '@libs/chassis/config';

const STOP_MS_MAX = 15_000;

export interface ChildOptions {
  readonly env: Environment;
  readonly args?: readonly string[];
  /** A group of its own: of a Ctrl-C in the terminal it hears only from us, in its turn. For those that end with us, however we end. */
  readonly detached?: boolean;
}

/** A process of ours beside this one. Its output is ours; it ends when told, or is ended, and a service with us, however we end. */
export class Child {
  private constructor(
    readonly name: string,
    private readonly process: ChildProcess,
    readonly exited: Promise<number>,
  ) {}

  /** `main` is run by this very Node, never through npm, whose death would leave the child behind. */
  static start(name: string, main: string, { env, args = [], detached = false }: ChildOptions): Child {
    const child = spawn(process.execPath, [main, ...args], { env: { ...env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached });
    const exited = new Promise<number>((done) => {
      child.once('exit', (code) => done(code ?? -1));
      child.once('error', () => done(-1));
    });
    return new Child(name, child, exited);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.process.kill('SIGTERM');
    const late = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS_MAX);
    await this.exited;
    clearTimeout(late);
  }
}

/** Asks `url` until the child itself says there that it is ready; fails when the child has ended or the time is up. A stuck process of an earlier start may still answer there as well. */
export async function untilReady(child: Child, url: string, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  while (Date.now() < end) {
    if (!child.isRunning) throw new Error(`${child.name} ended while it started`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok && (await pidIn(answer)) === child.pid) return;
    await new Promise((done) => setTimeout(done, 30));
  }
  throw new Error(`${child.name} was not ready at ${url} in ${limitMs} ms`);
}

async function pidIn(answer: Response): Promise<number | undefined> {
  // Our services answer so; whatever else listens there is not the child.
  const body = (await answer.json().catch(() => undefined)) as { readonly pid?: number } | undefined;
  return body?.pid;
}
