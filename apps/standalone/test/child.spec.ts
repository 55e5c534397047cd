import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { freePort } from '@libs/chassis/free-ports';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { Child, untilReady } from '../src/launch/child';

const START_MS_MAX = 45_000;
/** Listens where the one before it does, as soon as it has made that one leave. */
const SUCCESSOR = `const port = Number(process.argv[2]);
  const { createServer } = require('node:http');
  const serve = () => createServer((_request, response) => response.end(JSON.stringify({ ready: true, pid: process.pid }))).listen(port, '127.0.0.1');
  fetch('http://127.0.0.1:' + port + '/leave').then(serve, serve);`;

describe('a process that the launcher starts', () => {
  const folder = temporaryFolder('child');
  const main = join(folder, 'main.js');
  let child: Child | undefined;
  beforeEach(() => writeFileSync(main, SUCCESSOR));
  afterEach(() => child?.stop());
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is ready when it says so itself, not when one of an earlier start answers in its place', async () => {
    const before = await stuckOne(folder);
    child = Child.start('successor', main, { env: process.env, args: [String(before.port)] });
    await untilReady(child, `http://127.0.0.1:${before.port}/`, START_MS_MAX);
    expect(before.hasLeft()).toBe(true);
  });

  it('fails when it has ended, whoever answers in its place', async () => {
    const before = await stuckOne(folder);
    writeFileSync(main, 'process.exit(1)');
    child = Child.start('successor', main, { env: process.env });
    await expect(untilReady(child, `http://127.0.0.1:${before.port}/`, START_MS_MAX)).rejects.toThrow('successor ended while it started');
    before.leave();
  });

  (process.platform === 'linux' ? it : it.skip)('as a service hears of a Ctrl-C in the terminal from the launcher alone', () => {
    const groupOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    writeFileSync(main, 'setInterval(() => undefined, 1000)');
    child = Child.start('service', main, { env: process.env, detached: true });
    expect(groupOf(child.pid)).not.toBe(groupOf(process.pid));
  });
});

/** It answers that it is ready, and leaves only after it has been asked that, and told to leave. */
async function stuckOne(owner: string): Promise<{ readonly port: number; hasLeft(): boolean; leave(): void }> {
  let askedToLeave: (() => void) | undefined;
  let isAsked = false;
  const leave = (server: Server) => {
    server.close();
    server.closeAllConnections();
  };
  const server = createServer((request, response) => {
    if (request.url === '/leave') askedToLeave = () => leave(server);
    else {
      isAsked = true;
      response.end(JSON.stringify({ ready: true, pid: process.pid }));
    }
    if (isAsked) setImmediate(() => askedToLeave?.());
  });
  const port = await freePort(owner);
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { port, hasLeft: () => !server.listening, leave: () => leave(server) };
}
