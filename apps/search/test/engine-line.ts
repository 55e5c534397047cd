import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface BulkAnswer {
  readonly items: { readonly index: { status: number; error?: { type: string; reason: string } } }[];
  errors: boolean;
}

/** The line to the engine, which a test cuts, and on which it lets a batch come back with its first document refused. */
export class EngineLine {
  isCut = false;
  refusals = 0;
  bulks = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(engine: string): Promise<EngineLine> {
    const open: { line?: EngineLine } = {};
    const server = createServer((request, response) => {
      if (!open.line || open.line.isCut) return void request.socket.destroy();
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const type = request.headers['content-type'];
        const headers = { accept: request.headers.accept ?? '*/*', ...(type && { 'content-type': type }) };
        fetch(`${engine}${request.url}`, { method: request.method ?? 'GET', headers, ...(body.length > 0 && { body }) })
          .then(async (answer) => {
            const text = await answer.text();
            const kept = ['content-type', 'x-elastic-product'].flatMap((name) => (answer.headers.get(name) ? [[name, answer.headers.get(name) ?? '']] : []));
            response.writeHead(answer.status, Object.fromEntries(kept) as Record<string, string>);
            response.end(request.url?.startsWith('/_bulk') ? open.line?.answered(text) : text);
          })
          .catch(() => request.socket.destroy());
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo; // It listens on a port, as told just above.
    open.line = new EngineLine(server, `http://127.0.0.1:${port}`);
    return open.line;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private answered(text: string): string {
    this.bulks += 1;
    if (this.refusals === 0) return text;
    this.refusals -= 1;
    const answer = JSON.parse(text) as BulkAnswer; // As the engine documents.
    const [first] = answer.items;
    if (first) Object.assign(first.index, { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'too much at once' } });
    return JSON.stringify({ ...answer, errors: true });
  }
}
