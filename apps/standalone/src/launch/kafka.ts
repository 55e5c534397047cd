import { kafkaSchema } from '@libs/chassis/chassis-config';
import type { Environment } from '@libs/chassis/config';
import type { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { createTopics } from '@libs/events/kafka-topics';

const AGAIN_MS = 2_000;

/** Makes the topics, where brokers are given. Brokers that do not answer yet hold nothing up: events wait in the outboxes until the topics are there. */
export async function prepareKafka(env: Environment, log: Log): Promise<() => Promise<void>> {
  const { kafka, ...replication } = kafkaSchema.parse(env);
  if (!kafka) return async () => undefined;
  const making = new Loop({ name: 'topics', everyMs: AGAIN_MS, backOffMsMax: AGAIN_MS, log }, async () => {
    await createTopics(kafka, replication);
    void making.stop();
  });
  try {
    await createTopics(kafka, replication);
  } catch (error) {
    log.warn({ error }, 'the topics of the bus could not be made yet');
    making.start();
  }
  return () => making.stop();
}
