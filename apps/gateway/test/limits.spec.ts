import { silentLog } from '@libs/chassis/log';
import { RedisConnection } from '@libs/redis/redis-connection';
import { type TestRedis, testRedis } from '@libs/testing/test-redis';
import { MemoryLimits } from '../src/door/memory-limits';
import { RedisLimits } from '../src/door/redis-limits';
import { addressOf } from '../src/door/request';
import { HeldClock, limitsContract } from './limits.contract';
import { accessToken } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

describe('limits in memory', () => {
  const clock = new HeldClock();
  const limits = new MemoryLimits(clock);
  limitsContract(() => ({ limits, passes: (ms) => clock.passes(ms) }));
});

describe('limits in Redis', () => {
  let server: TestRedis;
  let connection: RedisConnection;
  let limits: RedisLimits;
  beforeAll(async () => {
    server = await testRedis();
    connection = await RedisConnection.open(server.url, silentLog());
    limits = new RedisLimits(connection, new MemoryLimits(new HeldClock()));
  });
  afterAll(async () => {
    await connection.close();
    await server.close();
  });
  /** Redis counts by its own clock, which no test holds: for its buckets it is as if they had been used so much earlier. */
  async function passes(ms: number): Promise<void> {
    const { client } = connection;
    for (const key of (await client?.keys('limit:*')) ?? []) await client?.hset(key, 'at', Number(await client.hget(key, 'at')) - ms);
  }
  limitsContract(() => ({ limits, passes }));

  it('are shared by all gateways: together they let exactly the burst through (I4)', async () => {
    const second = await RedisConnection.open(server.url, silentLog());
    const other = new RedisLimits(second, new MemoryLimits(new HeldClock()));
    const limit = { quota: 5, windowS: 900, burst: 5 };
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? limits : other).take('default', limit, 'a caller of both')));
    await second.close();
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(5);
  });

  it('are counted in this process when Redis is gone, and never fail open (I4)', async () => {
    const lost = await RedisConnection.open(server.url, silentLog());
    const alone = new RedisLimits(lost, new MemoryLimits(new HeldClock()));
    await lost.close();
    const limit = { quota: 2, windowS: 60, burst: 2 };
    const answers = [await alone.take('login', limit, 'ann'), await alone.take('login', limit, 'ann'), await alone.take('login', limit, 'ann')];
    expect(answers.map(({ allowed }) => allowed)).toEqual([true, true, false]);
  });
});

describe('limits at the door', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({
      env: { LIMIT_ANONYMOUS_PER_MIN: '4', LIMIT_READS_PER_MIN: '3', LIMIT_LOGIN_PER_15_MIN: '2', TRUSTED_PROXIES: '127.0.0.1' },
      user: {
        getAddresses: async () => ({ addresses: [] }),
        login: async () => ({ user: { id: 'usr_1', createdAt: { seconds: 1n } }, tokens: { accessToken: 'a', accessExpiresAt: { seconds: 1n }, refreshExpiresAt: { seconds: 1n } } }),
      },
    });
  });
  afterAll(() => gateway.stop());

  it('count a user, whatever the address, and tell them when to come back', async () => {
    const from = (ip: string, n: number) => ask(gateway.url, 'GET', '/v1/me/addresses', { token: accessToken({ n }), headers: { 'x-forwarded-for': ip } });
    const answers = [await from('10.0.0.1', 1), await from('10.0.0.2', 1), await from('10.0.0.3', 1), await from('10.0.0.4', 1)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"default";q=3;w=60');
    expect(answers[0]?.headers.get('ratelimit')).toBe('"default";r=2;t=0');
    // One more is allowed every 20 s, and a part of them is over by now.
    const comeBackInS = Number(answers[3]?.headers.get('retry-after'));
    expect([comeBackInS > 0, comeBackInS <= 20]).toEqual([true, true]);
    expect(answers[3]?.body).toMatchObject({ code: 'gateway.rate_limited', status: 429, retryable: true });
    expect((await from('10.0.0.4', 2)).status).toBe(200);
  });

  it('count an address without a session, also where nothing is', async () => {
    const from = (ip: string, path: string) => ask(gateway.url, 'GET', path, { headers: { 'x-forwarded-for': ip } });
    const statuses: number[] = [];
    for (const path of ['/nothing', '/v1/me', '/nothing', '/.well-known/jwks.json', '/v1/me', '/nothing']) statuses.push((await from('10.1.0.1', path)).status);
    expect(statuses).toEqual([404, 401, 404, 200, 429, 429]);
    expect((await from('10.1.0.2', '/nothing')).status).toBe(404);
  });

  it('count logins by account and address together, whatever the case of the e-mail', async () => {
    const login = async (email: string, ip: string) => (await ask(gateway.url, 'POST', '/v1/auth/login', { body: { email, password: 'secret secret' }, headers: { 'x-forwarded-for': ip } })).status;
    expect([await login('ann@example.com', '10.2.0.1'), await login('Ann@Example.com', '10.2.0.1'), await login('ANN@example.com', '10.2.0.1')]).toEqual([200, 200, 429]);
    expect([await login('ann@example.com', '10.2.0.2'), await login('bob@example.com', '10.2.0.1')]).toEqual([200, 200]);
  });
});

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('%s is counted as %s', (ip, counted) => expect(addressOf(ip)).toBe(counted));
});
