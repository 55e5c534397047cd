import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { services, type ServiceName } from '@libs/contracts/events';

/** Every port of an exchange on one machine, all on the loopback address but the gateway's. */
export interface Ports {
  readonly gateway: number;
  readonly grpc: Readonly<Record<Exclude<ServiceName, 'gateway'>, number>>;
  readonly internal: Readonly<Record<ServiceName, number>>;
  readonly postgres: number;
  readonly redis: number;
  readonly sandbox: number;
}

const inner = services.filter((name) => name !== 'gateway');
const record = <K extends string>(names: readonly K[], port: (index: number) => number) =>
  // The keys are exactly `names`: fromEntries cannot know.
  Object.fromEntries(names.map((name, index) => [name, port(index)])) as Record<K, number>;

/** All below 32768, where the ephemeral range begins. */
export const usualPorts: Ports = {
  gateway: 8080,
  grpc: record(inner, (index) => 7051 + index),
  internal: record(services, (index) => 9101 + index),
  postgres: 15_432,
  redis: 16_379,
  sandbox: 8090,
};

/** Free ports, kept with the data: what the outside world was told (where to send webhooks) must still hold after a restart. */
export async function keptFreePorts(data: string): Promise<Ports> {
  const kept = keptIn(data);
  if (kept) return kept;
  const ports = await freePorts();
  mkdirSync(data, { recursive: true });
  writeFileSync(fileIn(data), JSON.stringify(ports));
  return ports;
}

/** Those of an exchange that has begun with free ones, else the usual ones. */
export const keptPorts = (data: string): Ports => keptIn(data) ?? usualPorts;

const fileIn = (data: string) => join(data, 'ports.json');

function keptIn(data: string): Ports | undefined {
  // Written above, in this shape.
  return existsSync(fileIn(data)) ? (JSON.parse(readFileSync(fileIn(data), 'utf8')) as Ports) : undefined;
}

/** One that nobody listens on, for a server that lives as long as a command. */
export async function oneFreePort(): Promise<number> {
  const server = await open();
  const port = portOf(server);
  await new Promise((done) => server.close(done));
  return port;
}

async function freePorts(): Promise<Ports> {
  const count = 4 + inner.length + services.length;
  const servers = await Promise.all(Array.from({ length: count }, open));
  const free = servers.map((server) => portOf(server));
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  const next = () => free.pop() ?? 0;
  return { gateway: next(), grpc: record(inner, next), internal: record(services, next), postgres: next(), redis: next(), sandbox: next() };
}

/** Below the ports of outgoing connections: any of those may be in use by the time that a stopped exchange wants its port again. */
const LOWEST = 20_000;
const COUNT = 12_000;
const TRIES = 50;

async function open(): Promise<ReturnType<typeof createServer>> {
  for (let tries = 1; ; tries++) {
    try {
      return await listenAt(LOWEST + Math.floor(Math.random() * COUNT));
    } catch (error) {
      if (tries === TRIES) throw error; // Else somebody listens there.
    }
  }
}

function listenAt(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(port, '127.0.0.1', () => done(server));
  });
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
