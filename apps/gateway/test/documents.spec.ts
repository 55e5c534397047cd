import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { routeTable } from '../src/documents/route-table';
import { documentsOf } from '../src/documents/documents-of';
import { knownProblems } from '../src/door/known-problems';
import { codesOf, openApi } from '../src/rest/openapi';
import { ask, type RunningGateway, startGateway } from './start-gateway';

const ROOT = join(__dirname, '../../..');

describe('the documents', () => {
  it.each(documentsOf(ROOT).map(({ path, text }) => [path, text]))('%s says what the code says (else npm run docs:access)', (path, text) => {
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
  });
});

describe('the OpenAPI document', () => {
  const routes = routeTable();
  const document = openApi(routes) as { paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown>; parameters: { name: string; in: string }[]; 'x-roles': unknown; security?: unknown }>> };

  it('holds every route with its roles, its success and its problems', () => {
    for (const route of routes) {
      const operation = document.paths[route.path]?.[route.method.toLowerCase()];
      expect(operation).toMatchObject({ 'x-roles': route.access?.roles, responses: { [route.status]: {}, 429: {}, 500: {} } });
      expect(Boolean(operation?.security)).toBe(!['public', 'provider'].includes(String(route.access?.roles)));
    }
    expect(Object.values(document.paths).flatMap(Object.keys)).toHaveLength(routes.length);
  });

  it('names each operation once', () => {
    const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names every parameter of every path', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods)) expect(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(wanted);
    }
  });

  it('tells of no problem that nobody throws', () => {
    const unknown = routes.flatMap((route) => codesOf(route).filter((code) => !knownProblems[code]).map((code) => `${route.method} ${route.path}: ${code}`));
    expect(unknown).toEqual([]);
  });
});

describe('what the gateway says of itself', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  it('is at /openapi.json, without the routes that are not served here', async () => {
    const { status, body } = await ask(gateway.url, 'GET', '/openapi.json');
    expect([status, body.openapi]).toEqual([200, '3.1.0']);
    expect(body.paths).toHaveProperty(['/v1/bids', 'post', 'requestBody']);
    expect(body.paths).not.toHaveProperty(['/v1/test/clock/advance']);
    expect((await ask(gateway.url, 'POST', '/v1/test/clock/advance', { body: { ms: 1 } })).status).toBe(404);
  });

  it('explains each problem at its type', async () => {
    const refused = await ask(gateway.url, 'GET', '/v1/me');
    const { status, body } = await ask(gateway.url, 'GET', String(refused.body.type));
    expect(status).toBe(200);
    expect(body).toMatchObject({ code: 'gateway.session_missing', status: 401, retryable: false });
    expect((await ask(gateway.url, 'GET', '/problems/gateway.nothing')).body.code).toBe('gateway.problem_unknown');
    expect((await ask(gateway.url, 'GET', '/problems/constructor.name')).status).toBe(404);
  });
});
