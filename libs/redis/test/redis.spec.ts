import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { freePort } from '@libs/chassis/free-ports';
import { until } from '@libs/testing/exchange-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { javascriptRedis, type TestRedis, testRedis } from '@libs/testing/test-redis';
import { PrivateRedis, redisProgram } from '../private-redis';
import { RedisConnection } from '../redis-connection';
import { RedisScript } from '../redis-script';

const startingProgram = transformFileSync(join(__dirname, '../private-redis.ts'), { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' }, swcrc: false }).code;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Less than the client would wait by itself. */
const ENDED_WITHIN_MS = 1_500;

const quiet = { warn: () => undefined, info: () => undefined };

describe.each([['this machine\'s Redis', testRedis], ['the Redis in JavaScript', javascriptRedis]] as const)('%s', (_name, start) => {
  let server: TestRedis;
  let connection: RedisConnection;

  beforeAll(async () => {
    server = await start();
    connection = await RedisConnection.open(server.url, quiet);
  });
  afterAll(async () => {
    await connection.close();
    await server.close();
  });

  it('keeps sorted sets', async () => {
    await connection.client?.zadd('{m:1}:bids', 450, 'bid_a', 470, 'bid_b');
    expect(await connection.client?.zrange('{m:1}:bids', '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1)).toEqual(['bid_b']);
  });

  it('runs a script by its hash, also when the server has forgotten it', async () => {
    const script = new RedisScript(`redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])`);
    const { client } = connection;
    if (!client) throw new Error('no client');
    expect(await script.run(client, ['k'], ['first'])).toBe('first');
    await client.script('FLUSH');
    expect(await script.run(client, ['k'], ['second'])).toBe('second');
  });

  it('hands messages to another connection', async () => {
    const listener = connection.duplicate();
    const heard: string[] = [];
    listener?.on('message', (_channel, message) => heard.push(message));
    await listener?.subscribe('feed');
    await connection.client?.publish('feed', 'moved');
    await until('the message has come', 30_000, () => heard.length > 0);
    expect(heard).toEqual(['moved']);
    listener?.disconnect();
  });
});

describe('a connection', () => {
  it('is refused with the address when nobody answers there', async () => {
    const folder = temporaryFolder('no-redis');
    const port = await freePort(folder);
    await expect(RedisConnection.open(`redis://127.0.0.1:${port}`, quiet)).rejects.toThrow(`no redis answers at 127.0.0.1:${port}`);
    rmSync(folder, { recursive: true });
  });

  it('that is closed while Redis is away keeps no process from ending', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const server = await testRedis();
    const before = timers();
    const connection = await RedisConnection.open(server.url, quiet);
    const lost = once(connection.client ?? process, 'close');
    await server.close();
    await lost;
    await connection.close();
    await until('nothing is waited for', ENDED_WITHIN_MS, () => timers() <= before);
  });

  it('is empty in a process without Redis', () => expect(RedisConnection.none().client).toBeUndefined());
});

(redisProgram() ? describe : describe.skip)('the private server', () => {
  const dataDir = temporaryFolder('private-redis');
  let server: PrivateRedis | undefined;
  let connection: RedisConnection | undefined;
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
    rmSync(dataDir, { recursive: true });
  });

  it('comes back by itself when it is killed, and the connection with it', async () => {
    server = await PrivateRedis.start({ dataDir, port: await freePort(dataDir) });
    connection = await RedisConnection.open(server?.url ?? '', quiet);
    const first = server?.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until('redis is back', 30_000, async () => (await connection?.client?.ping().catch(() => '')) === 'PONG');
    expect(server?.pid).not.toBe(first);
  });

  (process.platform === 'linux' ? it : it.skip)('is not told of a Ctrl-C in the terminal of those who use it', () => {
    const groupOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    expect(groupOf(server?.pid ?? 0)).not.toBe(groupOf(process.pid));
  });

  it('ends with the process that started it, even one that is killed', async () => {
    const folder = temporaryFolder('private-redis');
    const port = await freePort(folder);
    const starter = spawn(process.execPath, ['-e', `${startingProgram}; exports.PrivateRedis.start({ dataDir: ${JSON.stringify(folder)}, port: ${port} }).then((redis) => console.log(redis.pid)); setInterval(() => undefined, 1000)`], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(process.kill(pid, 0)).toBe(true);
    starter.kill('SIGKILL');
    await until('redis has ended as well', 30_000, () => !isAlive(pid));
    rmSync(folder, { recursive: true });
  });

  it('takes the place of one that its starter has left behind', async () => {
    const url = new URL(server?.url ?? '');
    const second = await PrivateRedis.start({ dataDir, port: Number(url.port) });
    expect(second?.url).toBe(server?.url);
    await server?.stop();
    await second?.stop();
  });
});
