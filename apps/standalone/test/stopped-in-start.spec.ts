import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { BUILD, until } from '@libs/testing/exchange-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { keptFreePorts } from '../src/ports';

jest.setTimeout(300_000);

const LIMIT_MS = 180_000;

describe('an exchange that is stopped while it starts', () => {
  let data: string;
  beforeEach(() => (data = temporaryFolder('stopped-in-start')));
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  it.each([['in one process', 'SIGINT', []], ['split', 'SIGTERM', ['--split']]] as const)('(%s, %s) leaves nothing that runs', async (_form, signal, args) => {
    const { postgres, redis, sandbox, gateway } = await keptFreePorts(data);
    const child = spawn(process.execPath, [join(BUILD, 'apps/standalone/src/main.js'), '--data', data, '--free-ports', '--no-seed', ...args], { env: { ...process.env, NODE_ENV: 'test' }, stdio: 'ignore' });
    const ended = once(child, 'exit');
    // Postgres and Redis run by then, and no service is ready.
    await until('the sandbox is there', LIMIT_MS, () => existsSync(join(data, 'sandbox/pid')));
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(existsSync(join(data, 'run.json'))).toBe(false);
    expect(await Promise.all([postgres, redis, sandbox, gateway].map(isListening))).toEqual([false, false, false, false]);
  });
});

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
