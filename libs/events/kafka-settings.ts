import { connect, type Socket } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue';

/** Where the bus is when it is on Kafka. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  /** Before the names of topics and groups: exchanges that share a cluster are told apart by it. */
  readonly prefix: string;
}

/** Also those of `docs/operations.md`: how long a lost broker is waited for, and how soon it is tried again. */
export const retrying = { initialRetryTime: 100, maxRetryTime: 1_000 };
const RETRIES = 5;
const KEEP_ALIVE_MS = 60_000;

/**
 * When a broker closes a connection under many calls, each of them waits for what is under way on the other one, by a listener of its own on the
 * package's queue, until that is answered or given up. They are as many as there were calls; Node takes more than ten for a leak, and warns.
 */
const WAITING_CALLS_MAX = 1_000;
RequestQueue.prototype.setMaxListeners(WAITING_CALLS_MAX);

/** The package's own log is silent: it calls errors what mends itself a moment later. What matters is told by the bus. */
export function kafkaClient({ brokers }: KafkaSettings, onSocket?: (socket: Socket) => void): Kafka {
  return new Kafka({
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect).setKeepAlive(true, KEEP_ALIVE_MS);
      onSocket?.(socket);
      return socket;
    },
    brokers: [...brokers],
    clientId: 'pairwise',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 10_000,
    retry: { ...retrying, retries: RETRIES },
  });
}
