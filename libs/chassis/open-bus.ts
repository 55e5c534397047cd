import type { Bus } from '@libs/events/bus';
import { EmbeddedBus } from '@libs/events/embedded-bus';
import { busTables } from '@libs/events/event-tables';
import { KafkaBus } from '@libs/events/kafka-bus';
import type { KafkaSettings } from '@libs/events/kafka-settings';
import { Database } from '@libs/postgres/database';
import { migrate } from '@libs/postgres/migrate';
import type { Log } from './log';
import { Loop } from './loop';

const PRUNE_MS = 3_600_000;

export interface BusOptions {
  /** Brokers choose the form. */
  readonly kafka?: KafkaSettings;
  /** The database of the embedded form. */
  readonly url?: string;
  readonly poolSize: number;
  readonly log: Log;
}

export interface OpenedBus {
  readonly bus: Bus;
  close(): Promise<void>;
}

/** The log between services in the form that the configuration names. */
export async function openBus({ kafka, url = '', poolSize, log }: BusOptions): Promise<OpenedBus> {
  if (kafka) {
    const kafkaBus = new KafkaBus({ ...kafka, log, onLost: (error) => void endProcess(log, error) });
    return { bus: kafkaBus, close: () => kafkaBus.close() };
  }
  await migrate(url, [busTables]);
  const database = await Database.open({ name: 'bus', url, poolSize, log });
  const bus = new EmbeddedBus(database);
  const pruning = new Loop({ name: 'bus prune', everyMs: PRUNE_MS, log }, () => bus.prune());
  pruning.start();
  const close = async () => {
    await pruning.stop();
    await database.close();
  };
  return { bus, close };
}

/** A consumer that has ended for good would look alive for ever. What is committed is safe, and whoever supervises us starts us again. */
async function endProcess(log: Log, error: Error): Promise<void> {
  log.error({ error }, 'the consumer of the bus has ended for good, and this process with it');
  await log.flush();
  process.exit(1);
}
