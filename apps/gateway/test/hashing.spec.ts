import { AppError } from '@libs/kernel/app-error';
import { SILENT_MS_MAX } from '../src/door/hashing';
import { ask, type RunningGateway, startGateway } from './start-gateway';

/** Longer than a silence that is given up for. */
const SLOW_MS = SILENT_MS_MAX + 1_500;

describe('a login', () => {
  let gateway: RunningGateway;
  /** What the user service does about it. */
  let work: () => Promise<void>;
  beforeAll(async () => {
    gateway = await startGateway({
      user: {
        login: async () => {
          await work();
          const at = { seconds: 2_000_000_000n };
          return { user: { id: 'usr_00000000000000000000000001', createdAt: at }, tokens: { accessToken: 'a', accessExpiresAt: at, refreshToken: 'r', refreshExpiresAt: at, sessionId: 's' } };
        },
      },
    });
  });
  afterAll(() => gateway.stop());

  const login = () => ask(gateway.url, 'POST', '/v1/auth/login', { body: { email: 'ann@example.com', password: 'correct horse battery' } });

  it('that takes long is waited for as long as the user service is alive: on a busy machine passwords wait for their turn', async () => {
    work = () => new Promise((done) => setTimeout(done, SLOW_MS));
    expect((await login()).status).toBe(200);
  });

  it('is answered in a bearable time when the user service hangs, and says when to try again', async () => {
    let goOn = (): void => undefined;
    work = () => new Promise((done) => (goOn = done));
    gateway.silence();
    const { status, headers, body } = await login();
    // Had it waited for the end of the call, it would say `rpc.deadline`.
    expect({ status, ...body }).toMatchObject({ status: 503, code: 'gateway.accounts_unavailable', retryable: true, detail: 'Passwords cannot be checked at this moment. Try again in a few seconds.' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    goOn();
  });

  it.each(['rpc.unavailable', 'rpc.deadline', 'rpc.circuit_open'] as const)('says the same where the user service cannot be reached (%s)', async (code) => {
    work = () => Promise.reject(new AppError('unavailable', code, 'Away.'));
    const { status, headers, body } = await login();
    expect({ status, ...body }).toMatchObject({ status: 503, code: 'gateway.accounts_unavailable', retryable: true });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('that is refused hears why: a refusal is an answer', async () => {
    work = () => Promise.reject(new AppError('unauthenticated', 'user.credentials_wrong', 'The e-mail address or the password is wrong.'));
    expect(await login()).toMatchObject({ status: 401, body: { code: 'user.credentials_wrong' } });
  });

  it('is taken while the user service is not heard, if it answers', async () => {
    work = async () => undefined;
    expect((await login()).status).toBe(200);
  });
});
