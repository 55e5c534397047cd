import type { Bus } from '@libs/events/bus';
import type { InProcessNetwork } from '@libs/rpc/in-process';
import type { Clock } from '@libs/kernel/clock';
import type { DestinationStream } from 'pino';
import type { Environment } from './config';

/** What a service is run with: its configuration, and what it shares with others of its process. */
export interface Runtime {
  readonly env: Environment;
  /** All services of this process meet here; without it calls go over gRPC. */
  readonly network?: InProcessNetwork;
  /** Others run beside this process, although calls stay within it: for tests. */
  readonly isOneOfSeveral?: boolean;
  /** The bus of this process; without it the service opens its own, by KAFKA_BROKERS or BUS_DATABASE_URL. */
  readonly bus?: Bus;
  /** Instead of the sandbox's offset or the machine's time: for tests. */
  readonly clock?: Clock;
  readonly logTo?: DestinationStream;
}
