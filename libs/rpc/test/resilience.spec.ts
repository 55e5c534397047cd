import 'reflect-metadata';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { services, type ServiceName } from '@libs/contracts/events';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { SystemWallClock } from '@libs/chassis/clocks';
import { freePort } from '@libs/chassis/free-ports';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { InProcessNetwork } from '../in-process';
import { Callee } from '../internal/callee';
import { unavailable } from '../internal/refusal';
import { TOLD_AFTER_MS } from '../internal/unanswered';
import { KeepErrors, RpcServer } from '../rpc-server';
import { makeServiceKeys } from '../service-keys';
import { overGrpc, type ServiceRpc, withinProcess } from '../service-rpc';
import { Behaviour, controllerOf, type Neighbourhood, refusalOf, resilienceContract } from './resilience.contract';

const folder = temporaryFolder('resilience');
const jwks = makeServiceKeys(folder);
const observer = { sends: () => undefined, unanswered: () => undefined, answeredAgain: () => undefined, served: () => undefined, broke: () => undefined };
const opened: ServiceRpc[] = [];
afterAll(() => {
  for (const { close } of opened) close();
  rmSync(folder, { recursive: true });
});

function grpcAt(service: ServiceName, port: number, calls = port): ServiceRpc {
  const addresses = Object.fromEntries(services.map((name) => [name, `127.0.0.1:${calls}`])) as Record<ServiceName, string>;
  const rpc = overGrpc({ service, listen: `127.0.0.1:${port}`, addresses, keyFile: join(folder, `${service}.pem`), jwks, wall: new SystemWallClock(), observer, isServing: () => true });
  opened.push(rpc);
  return rpc;
}

function neighbourhood(caller: ServiceRpc, server: () => ServiceRpc): Neighbourhood {
  const behaviour = new Behaviour();
  let app: INestMicroservice | undefined;
  return {
    behaviour,
    users: caller.rpc.client(UserService),
    circuits: () => caller.circuits(),
    async start() {
      app = await NestFactory.createMicroservice({ module: class UserModule {}, controllers: [controllerOf(behaviour)] }, { strategy: new RpcServer([UserService], server().endpoint), logger: false });
      app.useGlobalFilters(new KeepErrors());
      await app.listen();
    },
    async stop() {
      await app?.close();
      app = undefined;
    },
  };
}

async function overTheNetwork(): Promise<Neighbourhood> {
  const port = await freePort(folder);
  return neighbourhood(grpcAt('gateway', port), () => grpcAt('user', port));
}

resilienceContract('gRPC', overTheNetwork);

resilienceContract('InProcessNetwork', async () => {
  const network = new InProcessNetwork();
  return neighbourhood(withinProcess('gateway', network, observer), () => withinProcess('user', network, observer));
});

describe('a call whose line breaks before the answer', () => {
  const sockets = new Set<Socket>();
  const cut = () => sockets.forEach((socket) => socket.destroy());

  async function acrossABreakingLine(): Promise<Neighbourhood & { close(): void }> {
    const [port, linePort] = [await freePort(folder), await freePort(folder)];
    const line = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined).on('close', () => void [near.destroy(), far.destroy()]));
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => line.listen(linePort, '127.0.0.1', resolve));
    return { ...neighbourhood(grpcAt('gateway', port, linePort), () => grpcAt('user', port)), close: () => line.close() };
  }

  it('is sent again only if its contract says that this does no harm', async () => {
    const near = await acrossABreakingLine();
    await near.start();
    // The line is up: what follows is about one that breaks.
    while ((await refusalOf(near.users.checkSession({ sessionId: 'x' }))) !== undefined);
    near.behaviour.checked = 0;

    near.behaviour.does = 'stall';
    near.behaviour.onCall = () => setImmediate(() => {
      near.behaviour.letGo();
      near.behaviour.does = 'answer';
      cut();
    });
    expect(await refusalOf(near.users.login({ email: 'ann@example.com', password: 'x' }))).toMatchObject({ kind: 'unavailable', code: 'rpc.unavailable' });
    expect(near.behaviour.logins).toBe(1);

    near.behaviour.does = 'stall';
    let isCut = false;
    near.behaviour.onCall = () => setImmediate(() => {
      if (!isCut) cut();
      isCut = true;
      near.behaviour.letGo();
    });
    expect(await near.users.checkSession({ sessionId: 'x' })).toMatchObject({ live: true });
    expect(near.behaviour.checked).toBe(2);
    await near.stop();
    near.close();
    cut();
  });
});

describe('second tries', () => {
  it('are a tenth of the calls at most, once the saved ones are spent', async () => {
    const callee = new Callee('user');
    const calls = 300;
    let sent = 0;
    const send = (isLost: boolean) => async () => {
      sent += 1;
      if (isLost) throw unavailable('rpc');
      return {};
    };
    await Promise.all(Array.from({ length: calls }, (_, i) => refusalOf(callee.ask({ rpc: 'rpc', isRepeatable: true }, 3_000, send(i % 3 === 0)))));
    expect(callee.state).toBe('closed');
    expect(sent - calls).toBeGreaterThan(0);
    expect(sent - calls).toBeLessThanOrEqual(10 + calls / 10);
  });
});

describe('a callee that does not answer', () => {
  let now: number;
  const told: string[] = [];
  const noted = (what: string) => (rpc: string, callee: string, ms: number) => void told.push(`${callee} ${rpc} ${what} ${ms}`);
  const asked = (callee: Callee, rpc: string, isAnswered: boolean) => refusalOf(callee.ask({ rpc, isRepeatable: false }, 3_000, async () => (isAnswered ? {} : Promise.reject(unavailable(rpc)))));
  const open = () => new Callee('payment', { ...observer, unanswered: noted('is silent'), answeredAgain: noted('answers again') });
  beforeEach(() => {
    told.length = 0;
    now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  it('is told of once for each rpc when that lasts, whatever else it answers, and once when it answers again', async () => {
    const payment = open();
    await asked(payment, 'Charge', false);
    now += TOLD_AFTER_MS - 1;
    await asked(payment, 'Charge', false);
    await asked(payment, 'Refund', true);
    expect(told).toEqual([]);
    now += 1;
    await asked(payment, 'Charge', false);
    await asked(payment, 'Charge', false);
    now += 5;
    await asked(payment, 'Charge', true);
    await asked(payment, 'Charge', true);
    expect(told).toEqual(['payment Charge is silent 30000', 'payment Charge answers again 30005']);
  });

  it('for a moment, such as that of a start, is not told of', async () => {
    const payment = open();
    for (let tries = 0; tries < 5; tries++) await asked(payment, 'Charge', false);
    await asked(payment, 'Charge', true);
    now += 2 * TOLD_AFTER_MS;
    await asked(payment, 'Charge', false);
    expect(told).toEqual([]);
  });
});
