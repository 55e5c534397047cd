import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { closedLoop } from './http-load';

/** About what the gateway answers to an order. */
const ANSWER = JSON.stringify({ id: `bid_${'0'.repeat(26)}`, filler: 'x'.repeat(360) });
const REQUEST = { method: 'POST', path: '/', headers: { authorization: `Bearer ${'t'.repeat(400)}`, 'idempotency-key': 'k'.repeat(36) }, body: '{"marketId":"mkt_00000000000000000000000000","price":{"amount":45000,"currency":"USD"}}' } as const;

/** What this machine gives to a Node server that only reads JSON and answers: the ceiling of anything over HTTP, by the same load generator in the same run. */
export async function bareHttp(connections: number, requests: number): Promise<number> {
  const server = spawn(process.execPath, [__filename], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    const load = (count: number) => closedLoop(port, connections, count, () => ({ ...REQUEST, answered: (status) => status === 201 }));
    await load(Math.ceil(requests / 4));
    return (await load(requests)).perSecond;
  } finally {
    server.kill();
  }
}

function serve(): void {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      JSON.parse(body);
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': ANSWER.length });
      response.end(ANSWER);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.stdout.write(String(typeof address === 'object' ? address?.port : 0));
  });
}

if (require.main === module) serve();
