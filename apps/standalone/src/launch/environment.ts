import { join, resolve } from 'node:path';
import type { Environment } from '@libs/chassis/config';
import { services, type ServiceName } from '@libs/contracts/events';
import type { Ports } from '../ports';

export interface Backing {
  /** By service name, and `bus`. */
  readonly databases: Readonly<Record<string, string>>;
  readonly redisUrl: string | undefined;
  readonly sandboxUrl: string | undefined;
}

/** One for each service that has any, and one for the bus where no brokers are given. */
export const databaseNames = (env: Environment): string[] => [...services.filter((name) => name !== 'gateway'), ...(env.KAFKA_BROKERS ? [] : ['bus'])];
/** Of the embedded server, whose data may lie elsewhere. */
export const databaseFolder = (data: string) => resolve(data, 'postgres');
export const secretsFolder = (data: string) => resolve(data, 'secrets');
export const serviceKeysFolder = (data: string) => join(secretsFolder(data), 'services');

/** What every service of this exchange is told; an operator's own settings win. */
export function serviceEnvironment(given: Environment, data: string, ports: Ports, backing: Backing): Record<string, string | undefined> {
  const inner = services.filter((name) => name !== 'gateway');
  const publicUrl = `http://127.0.0.1:${ports.gateway}`;
  return {
    // What seals the secrets in a database belongs to that database, and lies in the same folder.
    DATA_DIR: resolve(data),
    USER_SECRETS_FILE: join(secretsFolder(data), 'user.json'),
    NOTIFICATION_SECRETS_FILE: join(secretsFolder(data), 'notification.key'),
    PUBLIC_URL: publicUrl,
    ...(backing.sandboxUrl && { SANDBOX_URL: backing.sandboxUrl }),
    ...(backing.redisUrl && { REDIS_URL: backing.redisUrl }),
    GATEWAY_HTTP_PORT: String(ports.gateway),
    INTERNAL_ADDRESSES: inner.map((name) => `${name}=${internalUrl(ports, name)}`).join(','),
    SERVICE_JWKS_FILE: join(serviceKeysFolder(data), 'jwks.json'),
    ...Object.fromEntries(databaseNames(given).map((name) => [`${name.toUpperCase()}_DATABASE_URL`, backing.databases[name]])),
    ...Object.fromEntries(services.map((name) => [`${name.toUpperCase()}_INTERNAL_PORT`, String(ports.internal[name])])),
    ...Object.fromEntries(inner.flatMap((name) => ['RPC_LISTEN', 'RPC_URL'].map((key) => [`${name.toUpperCase()}_${key}`, `127.0.0.1:${ports.grpc[name]}`]))),
    ...given,
  };
}

export const internalUrl = (ports: Ports, name: ServiceName): string => `http://127.0.0.1:${ports.internal[name]}`;
