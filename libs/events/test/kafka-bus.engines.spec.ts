import { randomUUID } from 'node:crypto';
import { KafkaBus } from '@libs/events/kafka-bus';
import { createTopics } from '@libs/events/kafka-topics';
import { kafkaBrokers, removeTopics } from '@libs/testing/test-kafka';
import { busContract, type OpenBus } from './bus.contract';

const brokers = kafkaBrokers();

async function open(): Promise<OpenBus> {
  const settings = { brokers, prefix: `bus-test-${randomUUID()}.` };
  await createTopics(settings, {}, ['users']);
  const lost: Error[] = [];
  const bus = new KafkaBus({ ...settings, onLost: (error) => lost.push(error) });
  const close = async () => {
    await bus.close();
    await removeTopics(settings);
    expect(lost).toEqual([]);
  };
  return { bus, close };
}

(brokers.length > 0 ? describe : describe.skip)('with KAFKA_BROKERS', () => {
  jest.setTimeout(60_000);
  busContract('on Kafka', open);

  it('is called by its name in traces', async () => {
    const { bus, close } = await open();
    expect(bus.system).toBe('kafka');
    await close();
  });
});
