import { ask, type RunningGateway, startGateway } from './start-gateway';
import { accessToken } from './session-keys';

const TOKEN = 'A'.repeat(43);

describe('mails that are asked for at the door', () => {
  let gateway: RunningGateway;
  const asked: string[] = [];
  beforeAll(async () => {
    gateway = await startGateway({
      user: {
        forgotPassword: async ({ email }) => {
          asked.push(email);
          return {};
        },
        resendVerification: async () => ({}),
        verifyEmail: async () => ({}),
        resetPassword: async () => ({}),
        confirmEmail: async () => ({ changed: true }),
      },
      env: { LIMIT_MAILS_PER_HOUR: '3', LIMIT_MAIL_ASKERS_PER_HOUR: '8' },
    });
  }, 60_000);
  afterAll(() => gateway.stop());

  const forgot = (email: string) => ask(gateway.url, 'POST', '/v1/auth/password/forgot', { body: { email } });

  it('are three an hour for one account from one address, however it is spelled, and some more for all accounts from there', async () => {
    const statuses: number[] = [];
    for (const email of ['ann@example.com', 'Ann@example.com', 'ANN@EXAMPLE.COM', 'ann@example.com']) statuses.push((await forgot(email)).status);
    expect(statuses).toEqual([202, 202, 202, 429]);
    const others: number[] = [];
    for (let n = 0; n < 6; n++) others.push((await forgot(`bob${n}@example.com`)).status);
    expect(others).toEqual([202, 202, 202, 202, 429, 429]);
    expect(asked).toHaveLength(7);
  });

  it('are three an hour for somebody who asks for the verification again', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) statuses.push((await ask(gateway.url, 'POST', '/v1/auth/email/resend', { token: accessToken({ n: 5 }) })).status);
    expect(statuses).toEqual([202, 202, 202, 429]);
    expect((await ask(gateway.url, 'POST', '/v1/auth/email/resend')).status).toBe(401);
  });

  it.each([
    ['/v1/auth/email/verify', { token: TOKEN }, 204],
    ['/v1/auth/password/reset', { token: TOKEN, newPassword: 'a better horse' }, 204],
    ['/v1/me/email/confirm', { token: TOKEN }, 200],
  ])('%s takes a token of the right form from anybody, and nothing else', async (path, body, status) => {
    expect((await ask(gateway.url, 'POST', path, { body })).status).toBe(status);
    for (const wrong of [{ ...body, token: 'short' }, { ...body, token: `${TOKEN}A` }, { ...body, userId: 'usr_1' }, {}]) expect((await ask(gateway.url, 'POST', path, { body: wrong })).status).toBe(400);
  });
});
