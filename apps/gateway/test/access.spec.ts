import type { Role } from '@libs/rpc/call-context';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { routeTable } from '../src/documents/route-table';
import type { Route } from '../src/door/route';
import { DoorAdapter } from '../src/door/fastify-adapter';
import { GatewayModule } from '../src/gateway.module';
import { PublicApi } from '../src/public-api';
import { everybodyReached } from './reached';
import { sampleRequest } from './samples';
import { accessToken } from './session-keys';
import { ask, fastifyOf, type RunningGateway, startGateway } from './start-gateway';

const personas: readonly (Role | 'anon')[] = ['anon', 'buyer', 'seller', 'authenticator', 'admin'];
function mayEnter({ access }: Route, persona: Role | 'anon'): boolean {
  const roles = access?.roles ?? [];
  if (roles === 'public' || roles === 'provider') return true;
  if (persona === 'anon') return false;
  return roles === 'signed_in' || roles.includes(persona);
}

describe('who may use which route', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({ ...everybodyReached, env: { SANDBOX_URL: 'http://127.0.0.1:1' } });
  });
  afterAll(() => gateway.stop());

  const routes = routeTable();
  const cases = routes.flatMap((route) => personas.map((persona) => ({ name: `${route.method} ${route.path}`, persona, may: mayEnter(route, persona), route })));

  it.each(cases)('$name, as $persona: $may (I3)', async ({ persona, may, route }) => {
    const { path, body, headers } = sampleRequest(route);
    const token = persona === 'anon' ? undefined : accessToken({ n: 20 + personas.indexOf(persona), roles: [persona] });
    const { status, body: answer } = await ask(gateway.url, route.method, path, { headers, ...(token && { token }), ...(route.raw ? { raw: '{}' } : body !== undefined && { body }) });
    if (!may) expect([status, answer.code]).toEqual(persona === 'anon' ? [401, 'gateway.session_missing'] : [403, 'gateway.role_missing']);
    else if (status >= 300) expect(answer.code).toMatch(/^(test\.reached|gateway\.(sandbox_unreachable|not_ready))$/);
  });

  it('is declared for no route that the server does not have', () => {
    for (const { method, path } of routes) expect(fastifyOf(gateway).hasRoute({ method, url: path.replaceAll(/\{(\w+)\}/g, ':$1') })).toBe(true);
  });
});

@Controller()
class Canary {
  @Get('nest-canary')
  sing(): string {
    return 'sung';
  }
}

@Module({ imports: [GatewayModule], controllers: [Canary] })
class CanaryGateway {
  static readonly service = {
    ...GatewayModule.service,
    http: {
      port: 0,
      adapter: () => new DoorAdapter(),
      async prepare(app: INestApplication) {
        const adapter = app.getHttpAdapter();
        if (!(adapter instanceof DoorAdapter)) throw new Error('the gateway runs on its own adapter');
        await app.get(PublicApi).open(adapter);
        adapter.fastify.get('/canary', async () => 'sung');
      },
    },
  };
}

describe('a route that declares no access', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({ module: CanaryGateway });
  });
  afterAll(() => gateway.stop());

  it.each(['/canary', '/nest-canary'])('answers 403 to everybody: %s (I3)', async (path) => {
    for (const token of [undefined, accessToken({ roles: ['buyer', 'seller', 'authenticator', 'admin'] })]) {
      const answer = await ask(gateway.url, 'GET', path, token === undefined ? {} : { token });
      expect([answer.status, answer.body.code]).toEqual([403, 'gateway.no_access']);
    }
  });
});
