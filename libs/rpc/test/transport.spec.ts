import 'reflect-metadata';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { services, type ServiceName } from '@libs/contracts/events';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { SystemWallClock } from '@libs/chassis/clocks';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { InProcessNetwork } from '../in-process';
import type { Rpc } from '../rpc';
import type { RpcObserver, SentCall } from '../rpc-observer';
import { KeepErrors, RpcServer } from '../rpc-server';
import { makeServiceKeys } from '../service-keys';
import { overGrpc, type ServiceRpc, withinProcess } from '../service-rpc';
import { Probe, probeController } from './probe';
import { type Transport, transportContract } from './transport.contract';

const wall = new SystemWallClock();
const folder = temporaryFolder('rpc-keys');
const jwks = makeServiceKeys(folder);
afterAll(() => rmSync(folder, { recursive: true }));

class Recorder implements RpcObserver {
  readonly sent: string[] = [];
  /** The span of calls that are recorded; none are while there is none. */
  recordsAs: string | undefined;
  readonly outcomes: string[] = [];
  readonly bugs: unknown[] = [];

  sends(rpc: string): SentCall | undefined {
    const traceparent = this.recordsAs;
    return traceparent === undefined ? undefined : { traceparent, ended: ({ outcome, kind }) => this.sent.push(`${rpc} ${outcome} ${kind}`) };
  }

  unanswered(): void {
    throw new Error('no call of this suite is left unanswered for that long');
  }

  answeredAgain(): void {
    throw new Error('no call of this suite is left unanswered for that long');
  }

  served(rpc: string, { outcome }: { outcome: string }): void {
    this.outcomes.push(`${rpc} ${outcome}`);
  }

  broke(_rpc: string, _call: unknown, error: unknown): void {
    this.bugs.push(error);
  }
}

async function transportOf(server: ServiceRpc, recorder: Recorder, rpcOf: (caller: ServiceName) => Rpc, close: () => void): Promise<Transport> {
  const probe = new Probe();
  const app = await NestFactory.createMicroservice({ module: class ProbeModule {}, controllers: [probeController(probe)] }, { strategy: new RpcServer([BiddingService], server.endpoint), logger: false });
  app.useGlobalFilters(new KeepErrors());
  await app.listen();
  let isStopped = false;
  const stopServer = async () => {
    if (!isStopped) await app.close();
    else close();
    isStopped = true;
  };
  return { clientOf: (caller) => rpcOf(caller).client(BiddingService), probe, served: recorder.outcomes, bugs: recorder.bugs, sent: recorder, stopServer };
}

const addressesWith = (port: number) => Object.fromEntries(services.map((service) => [service, `127.0.0.1:${port}`])) as Record<ServiceName, string>;
const keyFileOf = (service: ServiceName) => join(folder, `${service}.pem`);

transportContract('gRPC', async () => {
  const recorder = new Recorder();
  const server = overGrpc({ service: 'bidding', listen: '127.0.0.1:0', addresses: addressesWith(0), keyFile: keyFileOf('bidding'), jwks, wall, observer: recorder, isServing: () => true });
  const callers = new Map<ServiceName, ServiceRpc>();
  const rpcOf = (caller: ServiceName) => {
    const known = callers.get(caller) ?? overGrpc({ service: caller, listen: '127.0.0.1:0', addresses: addressesWith(server.port()), keyFile: keyFileOf(caller), jwks, wall, observer: recorder, isServing: () => true });
    callers.set(caller, known);
    return known.rpc;
  };
  return transportOf(server, recorder, rpcOf, () => callers.forEach((caller) => caller.close()));
});

transportContract('InProcessNetwork', async () => {
  const recorder = new Recorder();
  const network = new InProcessNetwork();
  return transportOf(withinProcess('bidding', network, recorder), recorder, (caller) => withinProcess(caller, network, recorder).rpc, () => undefined);
});
