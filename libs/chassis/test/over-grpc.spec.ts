import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { services, type ServiceName } from '@libs/contracts/events';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { KeepErrors, RpcServer } from '@libs/rpc/rpc-server';
import { makeServiceKeys } from '@libs/rpc/service-keys';
import { overGrpc, type ServiceRpc } from '@libs/rpc/service-rpc';
import { Probe, probeController } from '@libs/rpc/test/probe';
import { until } from '@libs/testing/exchange-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { testBusDatabase, type TestDatabase, testDatabase } from '@libs/testing/test-database';
import { SystemWallClock } from '../clocks';
import { type RunningService, startService } from '../start-service';
import { TallyModule } from './tally-service';

const folder = temporaryFolder('over-grpc');
const jwks = makeServiceKeys(folder);
const ann = { id: 'usr_ann', sessionId: 'ses_1', roles: ['buyer'] } as const;
/** What is asked waits until the test lets it go. */
const patient = { deadlineMs: 45_000 };
const quiet = { sends: () => undefined, unanswered: () => undefined, answeredAgain: () => undefined, served: () => undefined, broke: () => undefined };
const probe = new Probe();
const lines: string[] = [];
let databases: TestDatabase[];
let bidding: INestMicroservice;
let tally: RunningService;
let gateway: ServiceRpc;

function sideOf(service: ServiceName, ports: Partial<Record<ServiceName, number>>): ServiceRpc {
  const addresses = Object.fromEntries(services.map((name) => [name, `127.0.0.1:${ports[name] ?? 1}`])) as Record<ServiceName, string>;
  return overGrpc({ service, listen: '127.0.0.1:0', addresses, keyFile: join(folder, `${service}.pem`), jwks, wall: new SystemWallClock(), observer: quiet, isServing: () => true });
}

beforeAll(async () => {
  databases = await Promise.all([testDatabase(TallyModule.service.migrations), testBusDatabase()]);
  const side = sideOf('bidding', {});
  bidding = await NestFactory.createMicroservice({ module: class ProbeModule {}, controllers: [probeController(probe)] }, { strategy: new RpcServer([BiddingService], side.endpoint), logger: false });
  bidding.useGlobalFilters(new KeepErrors());
  await bidding.listen();
  const env = {
    NODE_ENV: 'test',
    AUTHENTICATION_DATABASE_URL: databases[0]?.url,
    BUS_DATABASE_URL: databases[1]?.url,
    AUTHENTICATION_INTERNAL_PORT: '0',
    AUTHENTICATION_RPC_LISTEN: '127.0.0.1:0',
    BIDDING_RPC_URL: `127.0.0.1:${side.port()}`,
    SERVICE_KEY_FILE: join(folder, 'authentication.pem'),
    SERVICE_JWKS_FILE: join(folder, 'jwks.json'),
    TALLY_WORD: 'never',
    TALLY_LIMIT: '5',
  };
  tally = await startService(TallyModule, { env, logTo: { write: (line) => lines.push(line) } });
  gateway = sideOf('gateway', { authentication: tally.rpcPort });
}, 60_000);

afterAll(async () => {
  gateway.close();
  await bidding.close();
  await Promise.all(databases.map((database) => database.close()));
  rmSync(folder, { recursive: true });
});

describe('a service in a process of its own', () => {
  it('answers over gRPC what its neighbour answers it, in one trace', async () => {
    const answer = gateway.rpc.client(AuthenticationService).createAuthTask({}, { user: ann, ...patient });
    await until('the neighbour is asked', 30_000, () => probe.calls.length === 1);
    probe.release();
    expect((await answer).taskId).toMatch(/^tsk_/);
    expect(probe.calls[0]).toMatchObject({ service: 'authentication' });
    expect(probe.calls[0]?.user).toBeUndefined();
  });

  it('finishes a call that it has taken when it is told to stop, and takes no other', async () => {
    const taken = gateway.rpc.client(AuthenticationService).createAuthTask({}, { user: { ...ann, id: 'usr_bob' }, ...patient });
    await until('the neighbour is asked', 30_000, () => probe.calls.length === 2);
    const stopped = tally.stop();
    await until('it refuses', 30_000, async () => (await gateway.rpc.client(AuthenticationService).renewClaim({}).catch((error: { code?: string }) => error.code)) === 'rpc.unavailable');
    probe.release();
    expect((await taken).taskId).toMatch(/^tsk_/);
    await stopped;
    await expect(fetch(tally.internalUrl)).rejects.toThrow();
    expect(lines.map((line) => JSON.parse(line) as { level: string; msg: string }).map(({ level, msg }) => `${level} ${msg}`)).toEqual(['info ready', 'info stopped']);
  });
});
