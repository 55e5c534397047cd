import { accessToken, ses } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';
import { until } from '@libs/testing/exchange-process';

const SECOND_MS = 1_000;

describe('a session at the door', () => {
  const dead = new Set<string>();
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({
      user: {
        getProfile: async (_request, call) => ({ user: { id: call.user?.id ?? '', email: 'ann@example.com', createdAt: { seconds: 1n } } }),
        checkSession: async ({ sessionId }) => ({ live: !dead.has(sessionId) }),
      },
    });
  });
  afterAll(() => gateway.stop());

  const me = (token?: string) => ask(gateway.url, 'GET', '/v1/me', token === undefined ? {} : { token });

  it('is taken when the user service has signed its token', async () => {
    const { status, body, headers } = await me(accessToken({ n: 7 }));
    expect(status).toBe(200);
    expect(body.id).toBe('usr_00000000000000000000000007');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['is missing', undefined],
    ['is signed by somebody else', accessToken({ forged: true })],
    ['has expired', accessToken({ expiresIn: -10_000 })],
    ['is of another issuer', accessToken({ issuer: 'elsewhere' })],
    ['is a token of another kind', accessToken({ type: 'service+jwt' })],
    ['is no token', 'a.b.c'],
    ['claims to need no signature', `${Buffer.from('{"alg":"none","typ":"at+jwt","kid":"test-key"}').toString('base64url')}.${Buffer.from('{"sub":"usr_00000000000000000000000001"}').toString('base64url')}.x`],
  ])('is refused when its token %s', async (_why, token) => {
    const { status, headers, body } = await me(token);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(body.code).toMatch(/^gateway\.(token_invalid|session_missing)$/);
  });

  it('ends everywhere within a second of its revocation (I1)', async () => {
    const token = accessToken({ n: 8 });
    expect((await me(token)).status).toBe(200);
    gateway.revocations.next({ change: { case: 'revoked', value: { sessionId: ses(8) } } });
    // From the moment on in which it is heard.
    expect((await me(token)).status).toBe(401);
    expect((await me(accessToken({ n: 9 }))).status).toBe(200);
  });

  it('is asked for one by one when the stream of revocations is silent, and still ends within a second (I1)', async () => {
    const token = accessToken({ n: 10 });
    gateway.silence();
    dead.add(ses(11));
    await until(() => 'the silence is noticed', 30 * SECOND_MS, async () => (await me(accessToken({ n: 11 }))).status === 401);
    expect((await me(token)).status).toBe(200);
    dead.add(ses(10));
    const endedMs = performance.now();
    let sentMs = endedMs;
    await until(() => 'the session has ended', 30 * SECOND_MS, async () => {
      sentMs = performance.now();
      const { status } = await me(token);
      // Whatever is let in was sent within that second, however long its answer took.
      expect(status === 401 || sentMs - endedMs < SECOND_MS).toBe(true);
      return status === 401;
    });
  });
});
