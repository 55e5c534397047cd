import { connect } from 'node:net';
import { AppError } from '@libs/kernel/app-error';
import { accessToken, idOf } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

const product = (version: bigint) => ({ id: idOf('prd', 1), brand: 'B', model: 'M', markets: [], createdAt: { seconds: 1n }, version });

/** Bytes as they are, since fetch sends nothing that is not proper HTTP. */
function exchange(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

describe('the door', () => {
  let gateway: RunningGateway;
  const seen: { body: Uint8Array; signature: string; endpoint: string }[] = [];
  let fail: () => unknown = () => undefined;
  beforeAll(async () => {
    gateway = await startGateway({
      product: {
        getProduct: async () => ({ product: product(7n) }),
        updateProduct: async ({ expectedVersion }) => {
          if (expectedVersion !== 7n) throw new AppError('conflict', 'product.stale', 'The product has changed since you read it.');
          return { product: product(8n) };
        },
        listProducts: async () => {
          throw fail();
        },
      },
      payment: {
        handleWebhook: async ({ body, signature, endpoint }) => {
          if (signature === 'bad') throw new AppError('invalid', 'payment.webhook_signature', 'The signature does not fit.');
          seen.push({ body, signature, endpoint });
          return {};
        },
      },
      order: {
        handleCarrierWebhook: async ({ body, signature }) => {
          seen.push({ body, signature, endpoint: 'carrier' });
          return {};
        },
      },
    });
  });
  afterAll(() => gateway.stop());
  beforeEach(() => {
    seen.length = 0;
  });

  describe('to providers', () => {
    it.each([
      ['/v1/webhooks/stripe', 'stripe-signature', 'platform'],
      ['/v1/webhooks/stripe/connect', 'stripe-signature', 'connect'],
      ['/v1/webhooks/carriers/sandbox', 'carrier-signature', 'carrier'],
    ])('%s hands on the very bytes that came, with their signature', async (path, header, endpoint) => {
      const bytes = new Uint8Array([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x20, 0x20, 0x31, 0x2e, 0x30, 0x30, 0x7d, 0x0a, 0xff, 0x00]);
      const answer = await ask(gateway.url, 'POST', path, { raw: bytes, headers: { [header]: 't=1,v1=ab', 'content-type': 'application/json; charset=utf-8' } });
      expect([answer.status, answer.body]).toEqual([200, { received: true }]);
      expect(seen).toEqual([{ body: Buffer.from(bytes), signature: 't=1,v1=ab', endpoint }]);
    });

    it('answers 400 to a signature that does not fit', async () => {
      const answer = await ask(gateway.url, 'POST', '/v1/webhooks/stripe', { raw: '{}', headers: { 'stripe-signature': 'bad' } });
      expect(answer.body).toMatchObject({ status: 400, code: 'payment.webhook_signature' });
    });

    it('takes 256 KiB and no more', async () => {
      expect((await ask(gateway.url, 'POST', '/v1/webhooks/stripe', { raw: 'x'.repeat(256 * 1024), headers: { 'stripe-signature': 's' } })).status).toBe(200);
      expect((await ask(gateway.url, 'POST', '/v1/webhooks/stripe', { raw: 'x'.repeat(256 * 1024 + 1), headers: { 'stripe-signature': 's' } })).body).toMatchObject({ status: 413, code: 'gateway.body_too_large' });
    });
  });

  describe('when somebody else has changed a thing', () => {
    const change = (headers: Record<string, string>) => ask(gateway.url, 'PATCH', `/v1/products/${idOf('prd', 1)}`, { token: accessToken({ n: 4, roles: ['admin'] }), body: { model: 'N' }, headers });

    it('tells the version, and takes it back', async () => {
      const read = await ask(gateway.url, 'GET', `/v1/products/${idOf('prd', 1)}`);
      expect(read.headers.get('etag')).toBe('"7"');
      const changed = await change({ 'if-match': read.headers.get('etag') ?? '' });
      expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"8"']);
    });

    it.each([
      [{}, 428, 'gateway.if_match_missing'],
      [{ 'if-match': '"6"' }, 412, 'product.stale'],
      [{ 'if-match': 'W/"7"' }, 412, 'gateway.if_match_stale'],
      [{ 'if-match': '*' }, 412, 'gateway.if_match_stale'],
      [{ 'if-match': '"0"' }, 412, 'gateway.if_match_stale'],
    ])('refuses %p with %i', async (headers, status, code) => {
      expect((await change(headers as Record<string, string>)).body).toMatchObject({ status, code });
    });
  });

  it.each([
    [new AppError('unavailable', 'product.busy', 'Later.'), 503, 'product.busy', true],
    [new AppError('rate_limited', 'product.slow', 'Slower.'), 429, 'product.slow', true],
    [new AppError('rejected', 'product.rule', 'No.'), 422, 'product.rule', false],
    [new Error('secret: hunter2'), 500, 'gateway.internal', false],
  ])('passes on what a service refuses, and nothing of a bug: %p', async (error, status, code, retryable) => {
    fail = () => error;
    const answer = await ask(gateway.url, 'GET', '/v1/products');
    expect(answer.body).toMatchObject({ status, code, retryable, instance: '/v1/products' });
    expect(answer.text).not.toContain('hunter2');
  });

  it('says when to come again, if the service that is asked is given a moment', async () => {
    fail = () => new AppError('unavailable', 'rpc.circuit_open', 'A part of the exchange has not answered lately.', { service: 'product', rpc: 'x', retryAfterS: '2' });
    const answer = await ask(gateway.url, 'GET', '/v1/products');
    expect([answer.status, answer.headers.get('retry-after'), answer.body.code, answer.body.retryable]).toEqual([503, '2', 'rpc.circuit_open', true]);
    fail = () => new AppError('unavailable', 'product.busy', 'Later.');
    expect((await ask(gateway.url, 'GET', '/v1/products')).headers.get('retry-after')).toBe('1');
  });

  it('says which trace a failure belongs to, and echoes the sender\'s own id', async () => {
    const answer = await ask(gateway.url, 'GET', '/nothing?token=x', { headers: { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`, 'x-request-id': 'req-1' } });
    expect(answer.body).toMatchObject({ traceId: 'ab'.repeat(16), instance: '/nothing' });
    expect(answer.headers.get('x-request-id')).toBe('req-1');
    const other = await ask(gateway.url, 'GET', '/nothing', { headers: { 'x-request-id': 'two words' } });
    expect(other.headers.get('x-request-id')).toBe(other.body.traceId);
  });

  it('keeps browsers from sniffing, framing and sharing', async () => {
    const { headers } = await ask(gateway.url, 'GET', '/v1/me', { token: accessToken() });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('strict-transport-security')).toContain('max-age=31536000');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it.each([['http://localhost:8080', 'http://localhost:8080'], ['https://evil.example', null]])('answers the browser of %s with allow %p', async (origin, allowed) => {
    const preflight = await fetch(`${gateway.url}/v1/bids`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,idempotency-key' } });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(allowed);
  });

  it.each([
    ['an address that is too long', (host: string) => `GET /${'x'.repeat(2_100)} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 414],
    ['an address that cannot be read', (host: string) => `GET /v1/%zz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 400],
    ['headers that are too large', (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['what is not HTTP', () => 'hello\r\n\r\n', 400],
    ['a length that is no number', (host: string) => `POST /v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: x\r\n\r\n`, 400],
    ['two lengths', (host: string) => `POST /v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  ])('answers %s with a problem', async (_what, bytes, status) => {
    const text = await exchange(gateway.url, bytes(new URL(gateway.url).host));
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text.toLowerCase()).toContain('content-type: application/problem+json');
    expect(JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))).toMatchObject({ status, code: expect.stringMatching(/^gateway\./) });
  });

});
