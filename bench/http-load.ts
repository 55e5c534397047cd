import { connect, type Socket } from 'node:net';

/** One request as it goes over the wire, and what was asked with it. */
export interface LoadRequest {
  readonly method: 'POST' | 'DELETE' | 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Told the answer; answers whether it counts as a success. */
  readonly answered: (status: number, body: string) => boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * A closed loop over `connections` keep-alive connections: each sends its next request when the last is answered.
 * Plain sockets, because a general HTTP client costs more CPU than the server that it measures.
 */
export async function closedLoop(port: number, connections: number, total: number, next: () => LoadRequest): Promise<LoadResult> {
  const latencies = new Float64Array(total);
  const statuses: Record<string, number> = {};
  let sent = 0;
  let done = 0;
  let failures = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = await Connection.open(port);
      while (sent < total) {
        sent++;
        const request = next();
        const before = performance.now();
        const { status, body } = await connection.send(request);
        latencies[done++] = performance.now() - before;
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (!request.answered(status, body)) failures++;
      }
      connection.close();
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const sorted = latencies.subarray(0, done).sort();
  const quantile = (q: number) => Math.round((sorted[Math.min(done - 1, Math.floor(q * done))] ?? 0) * 100) / 100;
  return { requests: done, failures, seconds, perSecond: Math.round(done / seconds), p50Ms: quantile(0.5), p99Ms: quantile(0.99), statuses };
}

const HEADER_END = Buffer.from('\r\n\r\n');

/** One keep-alive connection with one request in flight. Understands answers with Content-Length only, which is what the gateway sends. */
class Connection {
  private received: Buffer = Buffer.alloc(0);
  private waiting: ((answer: { status: number; body: string }) => void) | undefined;
  private broken: ((error: Error) => void) | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.broken?.(error));
    socket.on('close', () => this.broken?.(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((done, fail) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => done(new Connection(socket)));
      socket.once('error', fail);
    });
  }

  send({ method, path, headers, body }: LoadRequest): Promise<{ status: number; body: string }> {
    let head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    if (body) head += `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((done, fail) => {
      this.waiting = done;
      this.broken = fail;
      this.socket.write(`${head}\r\n${body}`);
    });
  }

  close(): void {
    this.broken = undefined;
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length ? Buffer.concat([this.received, chunk]) : chunk;
    const end = this.received.indexOf(HEADER_END);
    if (end < 0) return;
    const head = this.received.toString('latin1', 0, end).toLowerCase();
    const at = head.indexOf('content-length:');
    const length = at < 0 ? 0 : Number.parseInt(head.slice(at + 15), 10);
    const total = end + 4 + length;
    if (this.received.length < total) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.received.toString('utf8', end + 4, total) };
    this.received = this.received.subarray(total);
    const waiting = this.waiting;
    this.waiting = undefined;
    waiting?.(answer);
  }
}
