import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { freePort } from '@libs/chassis/free-ports';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { closedLoop } from './http-load';

/** About what the gateway answers to an order. */
const ANSWER = JSON.stringify({ id: `bid_${'0'.repeat(26)}`, filler: 'x'.repeat(360) });
/** About what bidding writes down of an order for everybody else. */
const EVENT = JSON.stringify({ type: 'bid.placed', filler: 'x'.repeat(420) });
const REQUEST = { method: 'POST', path: '/', headers: { authorization: `Bearer ${'t'.repeat(400)}` }, body: '{"marketId":"mkt_00000000000000000000000000","price":{"amount":45000,"currency":"USD"}}' } as const;

const TABLES = `
  create table quotes (id uuid primary key, market text not null, price bigint not null, key uuid not null unique);
  create table outbox (pos bigint generated always as identity primary key, events text not null)`;
const COMMIT = {
  name: 'commit',
  text: `with q as (insert into quotes select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[])) insert into outbox (events) values ($5)`,
};

/** What this machine gives to a Node server that only reads JSON and answers: the ceiling of anything over HTTP, by the same load generator in the same run. */
export async function bareHttp(connections: number, requests: number): Promise<number> {
  return rateOf(connections, requests);
}

/**
 * … and to one that does no more than keep what it answers: what has queued while the last commit ran is one statement, a row and a line
 * of the outbox for each request, flushed to disk. It knows nobody, checks nothing, matches nothing and tells nobody: the ceiling of any exchange.
 */
export async function bareExchange(connections: number, requests: number): Promise<number> {
  const folder = temporaryFolder('bare');
  const postgres = await EmbeddedPostgres.start({ dataDir: join(folder, 'postgres'), port: await freePort(folder) });
  try {
    await postgres.ensureDatabases(['bare']);
    return await rateOf(connections, requests, postgres.url('bare'));
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rateOf(connections: number, requests: number, databaseUrl?: string): Promise<number> {
  const server = spawn(process.execPath, [__filename, ...(databaseUrl ? [databaseUrl] : [])], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    const load = (count: number) =>
      closedLoop(port, connections, count, () => ({ ...REQUEST, headers: { ...REQUEST.headers, 'idempotency-key': randomUUID() }, answered: (status) => status === 201 }));
    await load(Math.ceil(requests / 4));
    return (await load(requests)).perSecond;
  } finally {
    server.kill();
  }
}

interface Kept {
  readonly key: string;
  readonly order: { readonly marketId: string; readonly price: { readonly amount: number } };
  readonly answer: () => void;
}

/** Answers once it is kept. */
async function keeper(databaseUrl: string): Promise<(one: Kept) => void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(TABLES);
  let queue: Kept[] = [];
  let isWriting = false;
  const write = async () => {
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      const values = [batch.map(() => randomUUID()), batch.map(({ order }) => order.marketId), batch.map(({ order }) => order.price.amount), batch.map(({ key }) => key), batch.map(() => EVENT).join('\n')];
      await client.query({ ...COMMIT, values });
      for (const { answer } of batch) answer();
    }
    isWriting = false;
  };
  return (one) => {
    queue.push(one);
    if (isWriting) return;
    isWriting = true;
    setImmediate(() => void write());
  };
}

async function serve(databaseUrl: string | undefined): Promise<void> {
  const keep = databaseUrl ? await keeper(databaseUrl) : ({ answer }: Kept) => answer();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const order = JSON.parse(body) as Kept['order']; // As the load generator above sends it.
      const answer = () => {
        response.writeHead(201, { 'content-type': 'application/json', 'content-length': ANSWER.length });
        response.end(ANSWER);
      };
      keep({ key: String(request.headers['idempotency-key']), order, answer });
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.stdout.write(String(typeof address === 'object' ? address?.port : 0));
  });
}

if (require.main === module) void serve(process.argv[2]);
