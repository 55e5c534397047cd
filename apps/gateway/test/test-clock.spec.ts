import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessToken } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

/** An HTTP server that answers JSON. */
async function serve(answer: (path: string, body: string) => { status?: number; json: unknown }): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const { status = 200, json } = answer(request.url ?? '', body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('where the outside world is the sandbox', () => {
  let offsetMs = 0;
  let looks = 0;
  let follows = true;
  let servers: { url: string; server: Server }[];
  let gateway: RunningGateway;
  beforeAll(async () => {
    const sandbox = await serve((path, body) => {
      offsetMs += (JSON.parse(body) as { ms: number }).ms;
      return path === '/clock/advance' ? { json: { offsetMs, now: '2026-03-02T12:00:00.000Z' } } : { status: 404, json: {} };
    });
    // Follows at the third look.
    const slow = await serve(() => ({ status: follows ? 200 : 503, json: { ready: follows, failing: {}, details: { clock: { offsetMs: follows && ++looks > 2 ? offsetMs : 0 } } } }));
    const quick = await serve(() => ({ json: { ready: true, failing: {}, details: { clock: { offsetMs } } } }));
    servers = [sandbox, slow, quick];
    gateway = await startGateway({ env: { SANDBOX_URL: sandbox.url, INTERNAL_ADDRESSES: `order=${slow.url},user=${quick.url}` } });
  });
  afterAll(async () => {
    await gateway.stop();
    for (const { server } of servers) server.close();
  });

  const advance = (ms: unknown, token = accessToken()) => ask(gateway.url, 'POST', '/v1/test/clock/advance', { token, body: { ms } });

  it('time can be moved ahead, and the answer waits until every service has followed', async () => {
    const { status, body } = await advance(3_600_000);
    expect([status, body]).toEqual([200, { offsetMs: 3_600_000, now: '2026-03-02T12:00:00.000Z' }]);
    expect(looks).toBeGreaterThanOrEqual(3);
  });

  it.each([0, -1, 1.5, '1000', null])('time never goes back, nor by %p', async (ms) => expect((await advance(ms)).status).toBe(400));

  it('the exchange is ready when every service is', async () => {
    expect((await ask(gateway.url, 'GET', '/health/ready')).body).toEqual({ status: 'ok', services: { order: 'ready', user: 'ready' } });
    expect((await ask(gateway.url, 'GET', '/v1/status')).body).toEqual({ status: 'ok', services: { order: 'ready', user: 'ready' } });
    follows = false;
    expect(await ask(gateway.url, 'GET', '/v1/status')).toMatchObject({ status: 200, body: { status: 'degraded', services: { order: 'not_ready', user: 'ready' } } });
    expect((await ask(gateway.url, 'GET', '/health/ready')).body).toMatchObject({ status: 503, code: 'gateway.not_ready', detail: 'Not ready: order.', retryable: true });
    expect((await ask(gateway.url, 'GET', '/health/live')).status).toBe(200);
  });

  it('says so when a service does not follow in five seconds', async () => {
    const { body } = await advance(1_000);
    expect(body).toMatchObject({ status: 503, code: 'gateway.clock_not_followed', retryable: true });
  });
});
