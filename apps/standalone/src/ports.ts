import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '@libs/chassis/free-ports';
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
  mkdirSync(data, { recursive: true });
  const free = await freePorts(4 + inner.length + services.length, data);
  const next = () => free.pop() ?? 0;
  const ports: Ports = { gateway: next(), grpc: record(inner, next), internal: record(services, next), postgres: next(), redis: next(), sandbox: next() };
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
