import { readFileSync } from 'node:fs';
import type { ServiceName } from '@libs/contracts/events';
import type { WallClock } from '@libs/kernel/clock';
import type { InProcessNetwork } from './in-process';
import { Callees, type CircuitStateName } from './internal/callee';
import { GrpcRpc } from './internal/grpc-rpc';
import { GrpcServer } from './internal/grpc-server';
import { Inbound } from './internal/inbound';
import { ServiceTokens, ServiceTokenVerifier } from './internal/service-token';
import type { Rpc } from './rpc';
import type { RpcObserver } from './rpc-observer';
import type { RpcEndpoint } from './rpc-server';
import type { Jwks } from './service-keys';

/** How long a service that stops waits for the calls that it has taken. */
const DRAIN_MS_MAX = 10_000;

/** A service's two sides of RPC: the others as it sees them, and the endpoint at which it is served. */
export interface ServiceRpc {
  readonly rpc: Rpc;
  readonly endpoint: RpcEndpoint;
  /** Calls taken and not yet answered. */
  pending(): number;
  /** Whether those whom we ask answer at present. */
  circuits(): ReadonlyMap<ServiceName, CircuitStateName>;
  /** The port, once open; 0 within a process. */
  port(): number;
  close(): void;
}

export interface GrpcOptions {
  readonly service: ServiceName;
  readonly listen: string;
  readonly addresses: Readonly<Record<ServiceName, string>>;
  /** Our own Ed25519 key, PKCS #8 in PEM. */
  readonly keyFile: string;
  /** Everybody's public keys. */
  readonly jwks: Jwks;
  readonly wall: WallClock;
  readonly observer: RpcObserver;
  readonly isServing: () => boolean;
}

export function overGrpc({ service, listen, addresses, keyFile, jwks, wall, observer, isServing }: GrpcOptions): ServiceRpc {
  const inbound = new Inbound(observer);
  const server = new GrpcServer({ listen, verifier: new ServiceTokenVerifier(service, jwks), isServing }, inbound);
  const callees = new Callees(observer);
  const rpc = new GrpcRpc(addresses, new ServiceTokens(service, readFileSync(keyFile, 'utf8'), wall), callees);
  let port = 0;
  const endpoint: RpcEndpoint = {
    async open(routes) {
      port = await server.listen(routes);
    },
    close: () => server.close(DRAIN_MS_MAX),
  };
  return { rpc, endpoint, pending: () => inbound.pending, circuits: () => callees.states(), port: () => port, close: () => rpc.close() };
}

export function withinProcess(service: ServiceName, network: InProcessNetwork, observer: RpcObserver): ServiceRpc {
  const inbound = new Inbound(observer);
  const callees = new Callees(observer);
  const endpoint = endpointIn(network, inbound, service);
  return { rpc: network.rpcOf(service, callees), endpoint, pending: () => inbound.pending, circuits: () => callees.states(), port: () => 0, close: () => undefined };
}

/** A place in a process's network for routes that no service of ours stands behind, such as a test's fakes. */
export function inProcessEndpoint(network: InProcessNetwork, observer: RpcObserver, at?: ServiceName): RpcEndpoint {
  return endpointIn(network, new Inbound(observer), at);
}

function endpointIn(network: InProcessNetwork, inbound: Inbound, at: ServiceName | undefined): RpcEndpoint {
  let stop: (() => void) | undefined;
  return {
    async open(routes) {
      stop = network.serve(routes, inbound, at);
    },
    async close() {
      stop?.();
      await inbound.drained(DRAIN_MS_MAX);
    },
  };
}
