import { type MessagePort, Worker } from 'node:worker_threads';
import { loginBusy } from '../../domain/errors';

/** Bcrypt's work, done by a worker: with `hash`, whether the text is the one that was hashed; without, a new hash at `cost`. */
export interface HashJob {
  readonly text: string;
  readonly hash?: string;
  readonly cost: number;
}

interface Waiting {
  readonly job: HashJob;
  readonly resolve: (result: string | boolean) => void;
  readonly reject: (error: unknown) => void;
}

type Answer = { readonly result: string | boolean } | { readonly failure: string };

const QUEUE_MAX = 32;

/**
 * A few threads that do nothing but hash, so that logins slow down neither the event loop nor libuv's own pool (DNS, files).
 * When more wait than the queue takes, the next is refused at once rather than late.
 */
export class HashPool {
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Waiting>();
  private readonly queue: Waiting[] = [];
  private isClosed = false;

  constructor(private readonly workersMax: number) {}

  run(job: HashJob): Promise<string | boolean> {
    if (this.isClosed || this.queue.length >= QUEUE_MAX) return Promise.reject(loginBusy());
    return new Promise((resolve, reject) => {
      this.queue.push({ job, resolve, reject });
      this.next();
    });
  }

  /** Jobs that are not done. */
  get size(): number {
    return this.queue.length + this.busy.size;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const { reject } of this.queue.splice(0)) reject(loginBusy());
    await Promise.all([...this.idle, ...this.busy.keys()].map((worker) => worker.terminate()));
  }

  private next(): void {
    const waiting = this.queue[0];
    const worker = waiting && (this.idle.pop() ?? this.hire());
    if (!waiting || !worker) return;
    this.queue.shift();
    this.busy.set(worker, waiting);
    worker.ref();
    worker.postMessage(waiting.job);
  }

  private hire(): Worker | undefined {
    if (this.busy.size >= this.workersMax) return undefined;
    const worker = new Worker(SOURCE, { eval: true, workerData: { bcrypt: require.resolve('bcrypt') } });
    worker.on('message', (answer: Answer) => {
      const waiting = this.busy.get(worker);
      this.busy.delete(worker);
      this.idle.push(worker);
      worker.unref();
      if ('failure' in answer) waiting?.reject(new Error(answer.failure));
      else waiting?.resolve(answer.result);
      this.next();
    });
    worker.on('error', (error) => this.lose(worker, error));
    worker.on('exit', () => this.lose(worker, new Error('a hashing thread has ended')));
    return worker;
  }

  /** A thread that died takes one job with it, and no more. */
  private lose(worker: Worker, error: unknown): void {
    this.busy.get(worker)?.reject(error);
    this.busy.delete(worker);
    const at = this.idle.indexOf(worker);
    if (at >= 0) this.idle.splice(at, 1);
    if (!this.isClosed) this.next();
  }
}

/** Runs inside the thread, by its text alone: it may use nothing from around it. */
function hashInThread(port: MessagePort, bcrypt: typeof import('bcrypt')): void {
  port.on('message', ({ text, hash, cost }: HashJob) => {
    try {
      port.postMessage({ result: hash === undefined ? bcrypt.hashSync(text, cost) : bcrypt.compareSync(text, hash) });
    } catch (error) {
      port.postMessage({ failure: String(error) });
    }
  });
}

const SOURCE = `const { parentPort, workerData } = require('node:worker_threads'); (${hashInThread.toString()})(parentPort, require(workerData.bcrypt));`;
