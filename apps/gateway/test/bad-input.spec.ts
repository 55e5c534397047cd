import { z } from 'zod';
import type { Role } from '@libs/rpc/call-context';
import { routeTable } from '../src/documents/route-table';
import type { Route } from '../src/door/route';
import { everybodyReached } from './reached';
import { sampleOf, sampleRequest } from './samples';
import { accessToken, idOf } from './session-keys';
import { ask, type Answer, type RunningGateway, startGateway } from './start-gateway';

const ALL: readonly Role[] = ['buyer', 'seller', 'authenticator', 'admin'];
type Fields = Record<string, unknown>;

/** Every field of a body, as the path to it. */
function fieldsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [[...path, name], ...fieldsOf(inner, [...path, name])]);
}

/** The body with one field changed: `undefined` leaves it out. */
function withField(body: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  const fields = body as Fields;
  if (name === undefined) return value;
  const { [name]: old, ...others } = fields;
  const changed = rest.length === 0 ? value : withField(old, rest, value);
  return changed === undefined ? others : { ...others, [name]: changed };
}

const at = (body: unknown, path: readonly string[]) => path.reduce<unknown>((inner, name) => (inner as Fields)[name], body);
const pointerOf = (path: readonly string[]) => `/${path.join('/')}`;

interface Offence {
  readonly what: string;
  readonly text: string;
  readonly pointer: string;
}

/** What could be wrong with each field of a body. A mark stands for what JSON.stringify cannot write. */
function offences(route: Route): Offence[] {
  const schema = route.body;
  if (!schema) return [];
  const body = sampleOf(schema);
  const bad = (what: string, path: readonly string[], value: unknown): Offence => ({ what: `${what} at ${pointerOf(path)}`, text: JSON.stringify(withField(body, path, value)), pointer: pointerOf(path) });
  const raw = (what: string, path: readonly string[], text: string): Offence => ({ what: `${what} at ${pointerOf(path)}`, text: JSON.stringify(withField(body, path, '@@')).replace('"@@"', text), pointer: pointerOf(path) });
  const each = fieldsOf(body).flatMap((path) => {
    const value = at(body, path);
    const common = [bad('null', path, null), bad('an object', path, { x: 1 })];
    if (typeof value === 'number') return [...common, bad('a number as a string', path, String(value)), bad('a fraction', path, value + 0.5), bad('a negative', path, -1), raw('9007199254740993', path, '9007199254740993'), raw('infinity', path, '1e400'), bad('a boolean', path, true)];
    if (typeof value === 'string') return [...common, bad('a number', path, 7), bad('a list', path, [value]), bad('a control character', path, `${value}\u0000`), bad('half of a character', path, `${value}\ud800`), bad('a long text', path, 'x'.repeat(20_000))];
    if (typeof value === 'boolean') return [...common, bad('a boolean as a string', path, 'true'), bad('a number', path, 1)];
    return [bad('null', path, null), bad('a number', path, 7)];
  });
  const required = fieldsOf(body).filter((path) => !schema.safeParse(withField(body, path, undefined)).success).map((path) => bad('nothing', path, undefined));
  const objects = [[], ...fieldsOf(body).filter((path) => isObject(at(body, path)))];
  const unknown = objects.flatMap((path) => [bad('an unknown field', [...path, 'userId'], 'usr_1'), raw('__proto__', [...path, '__proto__2'], '{"admin":true}')].map((offence) => ({ ...offence, text: offence.text.replace('__proto__2', '__proto__'), pointer: offence.pointer.replace('__proto__2', '__proto__') })));
  return [...each, ...required, ...unknown];
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

function expectProblem({ status, headers, body, text }: Answer, expected: number): void {
  expect([status, headers.get('content-type')]).toEqual([expected, 'application/problem+json']);
  expect(body).toMatchObject({ status: expected, type: `/problems/${String(body.code)}`, retryable: expect.any(Boolean), traceId: expect.stringMatching(/^[0-9a-f]{32}$/), instance: expect.any(String), title: expect.any(String), detail: expect.any(String) });
  expect(text).not.toMatch(/\bat \w.*:\d+:\d+|node_modules|SyntaxError|ZodError/);
}

const pointersOf = ({ body }: Answer) => ((body.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer);

describe('bad input', () => {
  let gateway: RunningGateway;
  const token = accessToken({ n: 3, roles: ALL });
  beforeAll(async () => {
    gateway = await startGateway({ ...everybodyReached, env: { SANDBOX_URL: 'http://127.0.0.1:1' } });
  });
  afterAll(() => gateway.stop());

  const routes = routeTable();
  const withBody = routes.filter(({ body }) => body);
  const send = (route: Route, raw: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const sample = sampleRequest(route);
    return ask(gateway.url, route.method, sample.path, { token, raw, headers: { ...sample.headers, ...headers } });
  };

  describe.each(withBody.map((route) => ({ name: `${route.method} ${route.path}`, route })))('$name', ({ route }) => {
    it('takes the sample that the offences are made from', async () => {
      const { status, body } = await send(route, JSON.stringify(sampleRequest(route).body));
      expect([400, 404, 415, 500]).not.toContain(status);
      expect(body.code).not.toMatch(/^gateway\.invalid/);
    });

    it('names the field of every offence, and never breaks', async () => {
      for (const { what, text, pointer } of offences(route)) {
        const answer = await send(route, text);
        expect({ what, status: answer.status, named: pointersOf(answer).some((named) => named === pointer || named.startsWith(`${pointer}/`)) ? pointer : pointersOf(answer) }).toEqual({ what, status: 400, named: pointer });
        expectProblem(answer, 400);
      }
    });

    it.each([
      ['NaN', '{"a":NaN}', 'gateway.invalid_json'],
      ['half a body', '{"a":', 'gateway.invalid_json'],
      ['a list', '[]', 'gateway.invalid_input'],
      ['a text', '"x"', 'gateway.invalid_input'],
      ['nothing', '', 'gateway.invalid_input'],
      ['a deep body', `${'{"a":'.repeat(11)}1${'}'.repeat(11)}`, 'gateway.invalid_input'],
      ['a long list', JSON.stringify({ a: Array(101).fill(1) }), 'gateway.invalid_input'],
    ])('refuses %s', async (_what, text, code) => {
      const answer = await send(route, text);
      expectProblem(answer, 400);
      expect(answer.body.code).toBe(code);
    });

    it('refuses bytes that are not UTF-8', async () => {
      const answer = await send(route, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
      expectProblem(answer, 400);
      expect(answer.body.code).toBe('gateway.invalid_utf8');
    });

    it('refuses a body above 64 KiB (where it takes no larger one), and one that is not JSON', async () => {
      if (!route.bodyMaxBytes) expectProblem(await send(route, JSON.stringify({ a: 'x'.repeat(70_000) })), 413);
      expectProblem(await send(route, 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }), 415);
      expectProblem(await send(route, '{}', { 'content-type': 'text/plain' }), 415);
    });
  });

  it.each(routes.map((route) => ({ name: `${route.method} ${route.path}`, route })))('an unknown query parameter is named: $name', async ({ route }) => {
    const { path, headers, body } = sampleRequest(route);
    const answer = await ask(gateway.url, route.method, `${path}${path.includes('?') ? '&' : '?'}colour=red&__proto__=1`, { token, headers, ...(route.raw ? { raw: '{}' } : body !== undefined && { body }) });
    expectProblem(answer, 400);
    expect(pointersOf(answer)).toContain('/query/colour');
  });

  const withParams = routes.filter(({ params }) => params);
  it.each(withParams.map((route) => ({ name: `${route.method} ${route.path}`, route })))('a bad id is not found: $name', async ({ route }) => {
    const { path, headers, body } = sampleRequest(route);
    const last = /\{(\w+)\}/.exec(route.path)?.[1] ?? '';
    const params = sampleOf(route.params ?? z.never()) as Record<string, string>;
    const bads = ['\0', '../../etc', `${idOf('usr', 1)}0`, "';drop", 'x'.repeat(150), '👟', ''].filter((bad) => !route.params?.safeParse({ ...params, [last]: bad }).success);
    expect(bads.length).toBeGreaterThan(2);
    for (const bad of bads) {
      const url = path.replace(params[last] ?? '', encodeURIComponent(bad));
      const answer = await ask(gateway.url, route.method, url, { token, headers, ...(route.raw ? { raw: '{}' } : body !== undefined && { body }) });
      // Without any id at all it may be another address, which exists.
      if (bad !== '' || answer.status < 405) expectProblem(answer, 404);
    }
  });

  const paths = [...new Set(routes.map(({ path }) => path))];
  it.each(paths)('a wrong method is answered 405 with those that exist: %s', async (path) => {
    const has = routes.filter((route) => route.path === path).map(({ method }) => method);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((other) => !has.includes(other as Route['method']))) {
      const answer = await ask(gateway.url, method, path.replaceAll(/\{\w+\}/g, 'x'), { token, ...(method !== 'GET' && { body: {} }) });
      expectProblem(answer, 405);
      expect(answer.headers.get('allow')?.split(', ').sort()).toEqual([...has].sort());
    }
  });

  it.each(['limit=0', 'limit=101', 'limit=1.5', 'limit=ten', 'limit=-1', 'limit=1&limit=2', 'cursor=', 'cursor=%00', 'status=open', 'marketId=mkt_1'])('a bad query is named: ?%s', async (query) => {
    const answer = await ask(gateway.url, 'GET', `/v1/bids?${query}`, { token });
    expectProblem(answer, 400);
    expect([...new Set(pointersOf(answer))]).toEqual([`/query/${query.split('=')[0]}`]);
  });

  it('numbers that are whole are taken however they are written', async () => {
    const route = withBody.find(({ path, method }) => path === '/v1/bids' && method === 'POST');
    if (!route) throw new Error('bids can be placed');
    for (const written of ['45000', '45e3', '4.5e4', '45000.0']) {
      const text = JSON.stringify(withField(sampleOf(route.body ?? z.never()), ['price', 'amount'], '@@')).replace('"@@"', written);
      expect((await send(route, text)).body.code).toBe('test.reached');
    }
  });

  const WITH_CARD = 'my card is 4242 4242-4242 4242';

  it.each([
    ['POST', `/v1/orders/${idOf('ord', 1)}/cancel`, { reason: WITH_CARD }, '/reason'],
    ['POST', `/v1/orders/${idOf('ord', 1)}/ship-to-buyer`, { note: WITH_CARD }, '/note'],
    ['DELETE', `/v1/products/${idOf('prd', 1)}?reason=${encodeURIComponent(WITH_CARD)}`, undefined, '/query/reason'],
  ])('a card number in free text is refused, whatever stands between its digits: %s %s', async (method, path, body, pointer) => {
    const answer = await ask(gateway.url, method, path, { token, body, headers: { 'idempotency-key': 'a-key' } });
    expectProblem(answer, 400);
    expect(pointersOf(answer)).toEqual([pointer]);
  });
});
