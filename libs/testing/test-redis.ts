import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { PrivateRedis } from '@libs/redis/private-redis';
import { freePort } from '@libs/chassis/free-ports';
import { temporaryFolder } from './temporary-folder';

export interface TestRedis {
  readonly url: string;
  /** A real server, or one in JavaScript: the tests are the same. */
  readonly kind: 'native' | 'javascript';
  close(): Promise<void>;
}

/** Of the Redis that the engines' tests were given: apart from what an exchange keeps there. */
const GIVEN_DATABASE = '15';

/** A Redis for one spec file: the one that the engines' tests were given, the machine's own when it is installed, else the one in JavaScript, so that no test is skipped. */
export async function testRedis(): Promise<TestRedis> {
  const { ENGINES_TESTED, REDIS_URL } = process.env;
  if (ENGINES_TESTED && REDIS_URL) return { url: new URL(GIVEN_DATABASE, REDIS_URL).href, kind: 'native', close: async () => undefined };
  const dataDir = temporaryFolder('test-redis');
  const remove = () => rmSync(dataDir, { recursive: true, force: true });
  const native = await PrivateRedis.start({ dataDir, port: await freePort(dataDir) });
  if (native) return { url: native.url, kind: 'native', close: async () => { await native.stop(); remove(); } };
  remove();
  return javascriptRedis();
}

export async function javascriptRedis(): Promise<TestRedis> {
  const server = spawn(process.execPath, [join(__dirname, 'internal/javascript-redis.cjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    server.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
    server.once('exit', () => reject(new Error('the Redis in JavaScript ended while it started')));
  });
  return { url, kind: 'javascript', close: async () => { server.stdin.end(); await ended; } };
}
