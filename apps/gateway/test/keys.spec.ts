import type { Role } from '@libs/rpc/call-context';
import { routeTable } from '../src/documents/route-table';
import type { Route } from '../src/door/route';
import { sampleRequest } from './samples';
import { accessToken, idOf } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

const ALL: readonly Role[] = ['buyer', 'seller', 'authenticator', 'admin'];
const named = ({ method, path }: Route) => `${method} ${path}`;
const required = routeTable().filter(({ idempotencyKey }) => idempotencyKey === 'required');

describe('An Idempotency-Key', () => {
  let gateway: RunningGateway;
  const keys: string[] = [];
  const payout = { enabled: true, bankLast4: '6789' };
  beforeAll(async () => {
    gateway = await startGateway({
      payment: {
        createPayoutAccount: async ({ idempotencyKey }) => ({ ...payout, replayed: keys.includes(idempotencyKey) || keys.push(idempotencyKey) === 0 }),
      },
    });
  });
  afterAll(() => gateway.stop());

  it('is wanted of every POST that trades, moves money, or makes something of money at the provider', () => {
    expect(required.map(named).sort()).toEqual([
      'POST /v1/admin/orders/{orderId}/cancel', 'POST /v1/admin/orders/{orderId}/lost-inbound', 'POST /v1/admin/orders/{orderId}/lost-outbound', 'POST /v1/admin/orders/{orderId}/refund', 'POST /v1/admin/tasks/payments/{taskId}/resume',
      'POST /v1/asks', 'POST /v1/bids', 'POST /v1/markets/{marketId}/buy-now', 'POST /v1/markets/{marketId}/halt', 'POST /v1/markets/{marketId}/resume', 'POST /v1/markets/{marketId}/sell-now',
      'POST /v1/orders/{orderId}/cancel', 'POST /v1/orders/{orderId}/delivery-confirmation', 'POST /v1/orders/{orderId}/payment/recover', 'POST /v1/orders/{orderId}/ship-to-buyer', 'POST /v1/orders/{orderId}/shipment',
      'POST /v1/payments/setup-intents', 'POST /v1/payouts/account', 'POST /v1/portfolio/import',
    ]);
    const money = routeTable().filter(({ method, tag }) => method === 'POST' && ['Bids', 'Asks', 'Orders', 'Payments', 'Payouts'].includes(tag));
    expect(money.filter(({ idempotencyKey }) => idempotencyKey !== 'required').map(named)).toEqual([]);
  });

  it.each(required.map((route) => [named(route), route] as const))('is missed: %s', async (_name, route) => {
    const { path, body } = sampleRequest(route);
    const answer = await ask(gateway.url, route.method, path, { token: accessToken({ roles: ALL }), ...(body !== undefined && { body }) });
    expect(answer.body).toMatchObject({ status: 400, code: 'gateway.idempotency_key_missing', errors: [{ pointer: '/headers/idempotency-key' }] });
  });

  it('that was answered before is answered again, and the answer says so', async () => {
    const asked = { token: accessToken({ roles: ['seller'] }), key: 'k', body: { bankToken: 'btok_us_verified', country: 'US' } };
    const [first, again] = [await ask(gateway.url, 'POST', '/v1/payouts/account', asked), await ask(gateway.url, 'POST', '/v1/payouts/account', asked)];
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([200, null]);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(again.body).toEqual(first.body);
    expect(first.body).toEqual(payout);
  });
});

describe('The version that was seen', () => {
  const quote = { price: { currency: 'USD', minor: 45_000n }, expiresAt: { seconds: 1_800_000_000n }, placedAt: { seconds: 1_790_000_000n }, version: 3n };
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({
      authentication: { recordCheck: async () => ({ task: { version: 8n } }) },
      bidding: { getMyBids: async () => ({ bids: [quote] }), getMyAsks: async () => ({ asks: [quote] }) },
    });
  });
  afterAll(() => gateway.stop());

  const versioned = routeTable().filter(({ ifMatch }) => ifMatch);

  it('is wanted where two people may change the same thing', () => {
    expect(versioned.map(named).sort()).toEqual([
      'PATCH /v1/asks/{askId}', 'PATCH /v1/bids/{bidId}', 'PATCH /v1/me', 'PATCH /v1/products/{productId}', 'PUT /v1/admin/users/{userId}/roles', 'PUT /v1/authentication/tasks/{taskId}/checks/{check}',
    ]);
  });

  it.each(versioned.map((route) => [named(route), route] as const))('is missed: %s', async (_name, route) => {
    const { path, body } = sampleRequest(route);
    const answer = await ask(gateway.url, route.method, path, { token: accessToken({ roles: ALL }), body });
    expect(answer.body).toMatchObject({ status: 428, code: 'gateway.if_match_missing' });
  });

  it.each(['bid', 'ask'] as const)('of a quote is the ETag of its answer: %s', async (side) => {
    const answer = await ask(gateway.url, 'GET', `/v1/${side}s/${idOf(side, 1)}`, { token: accessToken({ roles: ALL }) });
    expect([answer.status, answer.headers.get('etag'), answer.body.version]).toEqual([200, '"3"', 3]);
  });

  it('of an inspection is the ETag of each of its answers', async () => {
    const path = `/v1/authentication/tasks/${idOf('ins', 1)}/checks/box`;
    const answer = await ask(gateway.url, 'PUT', path, { token: accessToken({ roles: ALL }), headers: { 'if-match': '"7"' }, body: { result: 'pass' } });
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"8"']);
  });
});
