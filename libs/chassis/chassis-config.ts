import { services, type ServiceName } from '@libs/contracts/events';
import type { KafkaSettings } from '@libs/events/kafka-settings';
import { z } from 'zod';
import type { ServiceDefinition } from './service';

/** Where each service is found unless the environment says otherwise: ports below 32768, so that no outgoing connection sits on them. */
const FIRST_RPC_PORT = 7051;
const FIRST_INTERNAL_PORT = 9101;

export const keyOf = (service: ServiceName, what: string): string => `${service.toUpperCase()}_${what}`;
export const defaultRpcAddress = (service: ServiceName): string => `127.0.0.1:${FIRST_RPC_PORT + services.indexOf(service)}`;
export const defaultInternalPort = (service: ServiceName): number => FIRST_INTERNAL_PORT + services.indexOf(service);

const port = z.coerce.number().int().min(0).max(65_535);
const address = z.string().regex(/^[\w.-]+:\d{1,5}$/, 'must be host:port');
const url = (protocol: RegExp) => z.url({ protocol });

export interface ChassisValues {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly databaseUrl?: string;
  readonly busUrl?: string;
  readonly kafka?: KafkaSettings;
  readonly poolSize: number;
  /** Events wait on the bus: for measurements, and for an operator who must stop a saga. */
  readonly isConsumerPaused: boolean;
  readonly redisUrl?: string;
  readonly sandboxUrl?: string;
  /** Which sources this was built from, if the build says so. */
  readonly commit: string;
  /** Who collects traces, if anybody does. */
  readonly otlpUrl?: string;
  /** The share of the traces that is recorded. */
  readonly tracesShare: number;
  readonly internal: { readonly host: string; readonly port: number };
  readonly http: { readonly host: string; readonly port: number };
  readonly rpcListen: string;
  readonly rpcAddresses: Readonly<Record<ServiceName, string>>;
  readonly keyFile?: string;
  readonly jwksFile?: string;
}

/** As OpenTelemetry names them. That a trace which its sender does not want recorded is not holds for each, so that those of a parent are those without. */
const samplers = ['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const;

function shareOf(sampler: (typeof samplers)[number], ratio: number): number {
  if (sampler.endsWith('traceidratio')) return ratio;
  return sampler.endsWith('on') ? 1 : 0;
}

export interface Form {
  /** Calls stay in this process, which holds all services. */
  readonly inProcess: boolean;
  readonly busGiven: boolean;
  /** Brokers are given, which makes a database for the bus unnecessary. */
  readonly isOnKafka: boolean;
}

const kafkaKeys = {
  KAFKA_BROKERS: z.string().transform((text) => text.split(',').map((part) => part.trim())).pipe(z.array(address)).optional(),
  KAFKA_PREFIX: z.string().regex(/^[\w.-]*$/, 'must be letters, digits, dots, dashes').default(''),
};

/** Where the bus is on Kafka, if it is: for whoever holds the bus of several services, and for commands. */
export const kafkaSchema = z.object({ ...kafkaKeys, KAFKA_REPLICATION: z.coerce.number().int().min(1).optional(), KAFKA_MIN_IN_SYNC: z.coerce.number().int().min(1).optional() }).transform((given) => ({
  ...(given.KAFKA_BROKERS && { kafka: { brokers: given.KAFKA_BROKERS, prefix: given.KAFKA_PREFIX } }),
  ...(given.KAFKA_REPLICATION && { replicas: given.KAFKA_REPLICATION }),
  ...(given.KAFKA_MIN_IN_SYNC && { minInSync: given.KAFKA_MIN_IN_SYNC }),
}));

const pausedKeys = {
  CONSUMERS_PAUSED: z.string().transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== '')).pipe(z.array(z.enum(services))).optional(),
};

/** The services whose events wait on the bus because the operator wants it so. */
export const pausedSchema = z.object(pausedKeys).transform(({ CONSUMERS_PAUSED: paused }): readonly ServiceName[] => paused ?? []);

/** The keys that every service has. `NAME` in their names is the service's. */
export function chassisSchema({ name, migrations, http, serves }: ServiceDefinition, { inProcess, busGiven, isOnKafka }: Form): z.ZodType<ChassisValues> {
  const optional = <S extends z.ZodType>(schema: S, isRequired: boolean) => (isRequired ? schema : schema.optional());
  const postgres = url(/^postgres(ql)?$/);
  const rpcKeys = Object.fromEntries(services.map((service) => [keyOf(service, 'RPC_URL'), address.default(defaultRpcAddress(service))]));
  const shape = z.object({
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(inProcess ? 3 : 15),
    ...pausedKeys,
    REDIS_URL: url(/^rediss?$/).optional(),
    SANDBOX_URL: url(/^https?$/).optional(),
    BUILD_COMMIT: z.string().regex(/^[\w.-]{1,64}$/).default('unknown'),
    OTEL_EXPORTER_OTLP_ENDPOINT: url(/^https?$/).optional(),
    OTEL_TRACES_SAMPLER: z.enum(samplers).default('parentbased_always_on'),
    OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
    INTERNAL_HOST: z.string().default('127.0.0.1'),
    SERVICE_KEY_FILE: optional(z.string(), !inProcess),
    SERVICE_JWKS_FILE: optional(z.string(), !inProcess && serves.length > 0),
    BUS_DATABASE_URL: optional(postgres, migrations !== undefined && !busGiven && !isOnKafka),
    ...kafkaKeys,
    [keyOf(name, 'DATABASE_URL')]: optional(postgres, migrations !== undefined),
    [keyOf(name, 'INTERNAL_PORT')]: port.default(defaultInternalPort(name)),
    [keyOf(name, 'RPC_LISTEN')]: address.default(defaultRpcAddress(name)),
    [keyOf(name, 'HTTP_HOST')]: z.string().default('127.0.0.1'),
    [keyOf(name, 'HTTP_PORT')]: port.default(http?.port ?? 0),
    ...rpcKeys,
  });
  return shape.transform((given) => valuesOf(name, given));
}

function valuesOf(name: ServiceName, given: Readonly<Record<string, unknown>>): ChassisValues {
  // Each value was checked by the schema under the same key.
  const text = (key: string) => given[key] as string;
  const number = (key: string) => given[key] as number;
  return {
    logLevel: text('LOG_LEVEL') as ChassisValues['logLevel'],
    databaseUrl: text(keyOf(name, 'DATABASE_URL')),
    busUrl: text('BUS_DATABASE_URL'),
    ...(given.KAFKA_BROKERS ? { kafka: { brokers: given.KAFKA_BROKERS as string[], prefix: text('KAFKA_PREFIX') } } : {}),
    poolSize: number('DATABASE_POOL_SIZE'),
    isConsumerPaused: ((given.CONSUMERS_PAUSED ?? []) as readonly ServiceName[]).includes(name),
    redisUrl: text('REDIS_URL'),
    sandboxUrl: text('SANDBOX_URL'),
    commit: text('BUILD_COMMIT'),
    otlpUrl: text('OTEL_EXPORTER_OTLP_ENDPOINT'),
    tracesShare: shareOf(text('OTEL_TRACES_SAMPLER') as (typeof samplers)[number], number('OTEL_TRACES_SAMPLER_ARG')),
    internal: { host: text('INTERNAL_HOST'), port: number(keyOf(name, 'INTERNAL_PORT')) },
    http: { host: text(keyOf(name, 'HTTP_HOST')), port: number(keyOf(name, 'HTTP_PORT')) },
    rpcListen: text(keyOf(name, 'RPC_LISTEN')),
    rpcAddresses: Object.fromEntries(services.map((service) => [service, text(keyOf(service, 'RPC_URL'))])) as ChassisValues['rpcAddresses'],
    keyFile: text('SERVICE_KEY_FILE'),
    jwksFile: text('SERVICE_JWKS_FILE'),
  };
}
