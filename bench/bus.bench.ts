import { randomUUID } from 'node:crypto';
import type { BusRecord } from '@libs/events/bus';
import { partitionOf, PARTITIONS } from '@libs/events/bus';
import { KafkaBus } from '@libs/events/kafka-bus';
import { kafkaClient, type KafkaSettings } from '@libs/events/kafka-settings';
import { createTopics } from '@libs/events/kafka-topics';
import { removeTopics } from '@libs/testing/test-kafka';

const RECORDS_A_BATCH = 500;
const BATCHES = PARTITIONS * 4;
const ROUNDS = 3;

export interface BusFigures {
  readonly bareProduce: number;
  readonly produce: number;
  readonly bareConsume: number;
  readonly consume: number;
  /** Ours as a part of the bare client's, the better of the rounds of each. */
  readonly produceShare: number;
  readonly consumeShare: number;
}

/** What the port and its lanes leave of the client's throughput: the same records, acknowledged by all replicas, through kafkajs as usual and through the bus. */
export async function busThroughput(brokers: readonly string[]): Promise<BusFigures> {
  const settings = { brokers, prefix: `bench-${randomUUID()}.` };
  await createTopics(settings, {}, ['users', 'markets']);
  try {
    const records = load();
    const best = { bareProduce: 0, produce: 0, bareConsume: 0, consume: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      best.bareProduce = Math.max(best.bareProduce, await bareProduce(settings, records));
      best.produce = Math.max(best.produce, await produce(settings, records));
      best.bareConsume = Math.max(best.bareConsume, await bareConsume(settings, records.length * (round + 1)));
      best.consume = Math.max(best.consume, await consume(settings, records.length * (round + 1)));
    }
    return { ...best, produceShare: share(best.produce, best.bareProduce), consumeShare: share(best.consume, best.bareConsume) };
  } finally {
    await removeTopics(settings);
  }
}

const share = (ours: number, bare: number) => Math.round((100 * ours) / bare) / 100;
const perSecond = (records: number, begun: number) => Math.round(records / ((performance.now() - begun) / 1_000));

/** Lines of the size of a placed bid, over keys that touch every partition. */
function load(): BusRecord[] {
  const keys = Array.from({ length: 240 }, () => `mkt_${randomUUID()}`);
  const filler = 'x'.repeat(350);
  return Array.from({ length: RECORDS_A_BATCH * BATCHES }, (_, n) => {
    const key = keys[n % keys.length] ?? '';
    return { topic: 'users', key, line: JSON.stringify(['users', key, n, 'bid.placed', { filler }, { id: `evt_${n}`, at: '2026-11-20T12:00:00Z' }]) };
  });
}

/** As the package's manual has it: batches as they come, over all partitions, four of them on their way at once. */
async function bareProduce(settings: KafkaSettings, records: readonly BusRecord[]): Promise<number> {
  const producer = kafkaClient(settings).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const batches = chunks(records, RECORDS_A_BATCH).values();
  const begun = performance.now();
  const sender = async () => {
    for (const batch of batches) await producer.send({ topic: `${settings.prefix}markets`, acks: -1, messages: batch.map(({ key, line }) => ({ key, value: line, partition: partitionOf(key) })) });
  };
  await Promise.all(Array.from({ length: 4 }, sender));
  const rate = perSecond(records.length, begun);
  await producer.disconnect();
  return rate;
}

/** As a relay does: batches in their order, the next one when all of the last is acknowledged. */
async function produce(settings: KafkaSettings, records: readonly BusRecord[]): Promise<number> {
  const bus = busOf(settings);
  const begun = performance.now();
  for (const batch of chunks(records, RECORDS_A_BATCH * PARTITIONS)) await bus.append(batch);
  const rate = perSecond(records.length, begun);
  await bus.close();
  return rate;
}

async function bareConsume(settings: KafkaSettings, expected: number): Promise<number> {
  const consumer = kafkaClient(settings).consumer({ groupId: `${settings.prefix}bare-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [`${settings.prefix}markets`], fromBeginning: true });
  let begun = 0;
  let taken = 0;
  await new Promise<void>((done) => {
    void consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        begun ||= performance.now();
        for (const { value } of batch.messages) taken += value ? 1 : 0;
        await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: String(Number(batch.lastOffset()) + 1) }]);
        if (taken >= expected) done();
      },
    });
  });
  const rate = perSecond(taken, begun);
  await consumer.disconnect();
  return rate;
}

async function consume(settings: KafkaSettings, expected: number): Promise<number> {
  const bus = busOf(settings);
  const group = `ours-${randomUUID()}`;
  await bus.subscribe(group, ['users']);
  let begun = 0;
  let taken = 0;
  while (taken < expected) {
    const batches = await bus.read(group, ['users']);
    if (batches.length === 0) await new Promise((done) => setTimeout(done, 1));
    else begun ||= performance.now();
    taken += batches.reduce((sum, { lines }) => sum + lines.length, 0);
    await bus.commit(group, batches.map(({ topic, partition, from, lines }) => ({ topic, partition, offset: from + lines.length })));
  }
  const rate = perSecond(taken, begun);
  await bus.close();
  return rate;
}

function busOf(settings: KafkaSettings): KafkaBus {
  return new KafkaBus({
    ...settings,
    onLost: (error) => {
      throw error;
    },
  });
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}
