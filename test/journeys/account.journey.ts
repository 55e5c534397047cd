import { Trader } from '@libs/client/trader';
import type { Problem } from '@libs/client/api';
import { until } from '@libs/testing/exchange-process';
import type { Story } from '@libs/testing/story';

/** How soon is what the gateway and the user service are tested for; here many processes share a busy machine. */
const SEEN_MS_MAX = 30_000;

const codeOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'done', (problem: Problem) => problem.code);
const statusOf = (call: Promise<unknown>): Promise<number> => call.then(() => 200, (problem: Problem) => problem.status);

/** Who may come in, and until when. */
export function accountJourneys(story: () => Story): void {
  it('a changed password ends the other sessions within a second', async () => {
    const bea = await story().stranger('Bea');
    const elsewhere = await new Trader(story().exchange.url, story().world, bea.account).logsIn();
    await bea.api.post('/v1/auth/password', { currentPassword: bea.account.password, newPassword: 'another horse battery' });
    await until('the other session has ended', SEEN_MS_MAX, async () => (await statusOf(elsewhere.api.get('/v1/me'))) === 401);
    expect(await statusOf(bea.api.get('/v1/me'))).toBe(200);
  });

  it('nobody trades before following the link in the mail, and then at once', async () => {
    const [bea, market] = [await story().newcomer('Bea'), await story().market()];
    await bea.addsAddress();
    await bea.addsCard();
    expect(await codeOf(bea.bids(market, 450))).toBe('bidding.email_not_verified');
    await bea.verifiesEmail();
    await story().settled();
    expect((await bea.bids(market, 450)).status).toBe('active');
  });

  it('a forgotten password is replaced by mail, and every session ends within a second', async () => {
    const bea = await story().stranger('Bea');
    const { email } = bea.account;
    const seen = [await story().world.tokenMailedTo(email)];
    await bea.api.post('/v1/auth/password/forgot', { email });
    await bea.api.post('/v1/auth/password/forgot', { email: `nobody-${email}` });
    await bea.api.post('/v1/auth/password/reset', { token: await story().world.tokenMailedTo(email, seen), newPassword: 'another horse battery' });
    await until('the session has ended', SEEN_MS_MAX, async () => (await statusOf(bea.api.get('/v1/me'))) === 401);
    expect(await statusOf(bea.logsIn())).toBe(401);
    const again = await new Trader(story().exchange.url, story().world, { ...bea.account, password: 'another horse battery' }).logsIn();
    expect(again.id).toBe(bea.id);
  });

  it('another e-mail address wants a word from both mailboxes, and both are told', async () => {
    const bea = await story().stranger('Bea');
    const [old, wanted] = [bea.account.email, `new-${bea.account.email}`];
    const seen = [await story().world.tokenMailedTo(old)];
    await bea.api.post('/v1/me/email', { newEmail: wanted, currentPassword: bea.account.password });
    const confirm = (token: string) => bea.api.post<{ changed: boolean }>('/v1/me/email/confirm', { token });
    expect(await confirm(await story().world.tokenMailedTo(wanted))).toEqual({ changed: false });
    expect(await confirm(await story().world.tokenMailedTo(old, seen))).toEqual({ changed: true });
    expect(await bea.api.get('/v1/me')).toMatchObject({ email: wanted, emailVerified: true });
    await until('both have been told', SEEN_MS_MAX, async () => {
      const last = await Promise.all([old, wanted].map((email) => story().world.lastMailTo(email)));
      return last.every((mail) => mail !== undefined && !mail.text.includes('token='));
    });
  });

  it('a refresh token that is used twice by different clients ends the whole family', async () => {
    const bea = await story().stranger('Bea');
    const refresh = (refreshToken: string, client: string) => bea.api.call<{ refreshToken: string; accessToken: string }>('POST', '/v1/auth/refresh', { refreshToken }, { 'user-agent': client });
    const first = bea.tokens?.refreshToken ?? '';
    const { body: second } = await refresh(first, 'hers');
    expect(await statusOf(refresh(first, 'a thief\'s'))).toBe(401);
    expect(await statusOf(refresh(second.refreshToken, 'hers'))).toBe(401);
    await until('the session has ended', SEEN_MS_MAX, async () => (await statusOf(bea.api.get('/v1/me'))) === 401);
  });

  it('a buyer does not get into the warehouse or the office', async () => {
    const bea = await story().stranger('Bea');
    expect(await Promise.all([statusOf(bea.api.get('/v1/authentication/tasks')), statusOf(bea.api.get('/v1/admin/users')), statusOf(bea.api.post('/v1/products', {}))])).toEqual([403, 403, 403]);
  });
}
