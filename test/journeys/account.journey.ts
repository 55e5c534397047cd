import { Trader } from '@libs/client/trader';
import type { Problem } from '@libs/client/api';
import { until } from '@libs/testing/exchange-process';
import type { Story } from '@libs/testing/story';

const statusOf = (call: Promise<unknown>): Promise<number> => call.then(() => 200, (problem: Problem) => problem.status);

/** Who may come in, and until when. */
export function accountJourneys(story: () => Story): void {
  it('a changed password ends the other sessions within a second', async () => {
    const bea = await story().stranger('Bea');
    const elsewhere = await new Trader(story().exchange.url, story().world, bea.account).logsIn();
    await bea.api.post('/v1/auth/password', { currentPassword: bea.account.password, newPassword: 'another horse battery' });
    await until('the other session has ended', 2_000, async () => (await statusOf(elsewhere.api.get('/v1/me'))) === 401);
    expect(await statusOf(bea.api.get('/v1/me'))).toBe(200);
  });

  it('a refresh token that is used twice by different clients ends the whole family', async () => {
    const bea = await story().stranger('Bea');
    const refresh = (refreshToken: string, client: string) => bea.api.call<{ refreshToken: string; accessToken: string }>('POST', '/v1/auth/refresh', { refreshToken }, { 'user-agent': client });
    const first = bea.tokens?.refreshToken ?? '';
    const { body: second } = await refresh(first, 'hers');
    expect(await statusOf(refresh(first, 'a thief\'s'))).toBe(401);
    expect(await statusOf(refresh(second.refreshToken, 'hers'))).toBe(401);
    await until('the session has ended', 2_000, async () => (await statusOf(bea.api.get('/v1/me'))) === 401);
  });

  it('a buyer does not get into the warehouse or the office', async () => {
    const bea = await story().stranger('Bea');
    expect(await Promise.all([statusOf(bea.api.get('/v1/authentication/tasks')), statusOf(bea.api.get('/v1/admin/users')), statusOf(bea.api.post('/v1/products', {}))])).toEqual([403, 403, 403]);
  });

  it('another\'s order is not there', async () => {
    const [bea, sam, eve] = [await story().buyer(), await story().seller(), await story().stranger('Eve')];
    const { order, bid } = await story().trade(bea, sam);
    expect(await Promise.all([statusOf(eve.api.get(`/v1/orders/${order.id}`)), statusOf(eve.api.get(`/v1/bids/${bid.id}`)), statusOf(eve.api.delete(`/v1/bids/${bid.id}`))])).toEqual([404, 404, 404]);
  });
}
