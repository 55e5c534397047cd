import { topics as declared, type Topic } from '@libs/contracts/events';
import { invariant } from '@libs/kernel/invariant';
import type { Admin } from 'kafkajs';
import { PARTITIONS, RETENTION_DAYS } from './bus';
import { kafkaClient, type KafkaSettings } from './kafka-settings';

/** Every topic of the exchange: a stream of one noun, with its key, as `libs/contracts/events.ts` declares it. */
export const busTopics: readonly Topic[] = Object.keys(declared) as Topic[]; // Its keys are the topics.

export interface Replication {
  /** Without it three where there are three brokers or more, else one. */
  readonly replicas?: number;
  /** Without it two of three, else one. */
  readonly minInSync?: number;
}

const RETENTION_MS = RETENTION_DAYS * 24 * 3_600_000;
const LOOKS_MAX = 100;
const LOOK_MS = 100;

/** Makes the topics that are not there yet, and answers those. A topic with another number of partitions would mix the order of its keys, and is refused. */
export async function createTopics(settings: KafkaSettings, { replicas, minInSync }: Replication = {}, wanted: readonly Topic[] = busTopics): Promise<Topic[]> {
  const admin = kafkaClient(settings).admin();
  await admin.connect();
  try {
    const { brokers } = await admin.describeCluster();
    const replicationFactor = replicas ?? (brokers.length >= 3 ? 3 : 1);
    const there = new Set(await admin.listTopics());
    const missing = wanted.filter((topic) => !there.has(settings.prefix + topic));
    if (missing.length > 0) {
      await admin.createTopics({
        waitForLeaders: false, // It can throw on brokers that keep their metadata themselves; the partitions are looked at below instead.
        topics: missing.map((topic) => ({
          topic: settings.prefix + topic,
          numPartitions: PARTITIONS,
          replicationFactor,
          configEntries: [
            { name: 'min.insync.replicas', value: String(minInSync ?? (replicationFactor >= 3 ? 2 : 1)) },
            { name: 'retention.ms', value: String(RETENTION_MS) },
            { name: 'unclean.leader.election.enable', value: 'false' },
          ],
        })),
      });
    }
    await untilLed(admin, wanted.map((topic) => settings.prefix + topic));
    await untilCoordinated(admin, settings);
    return missing;
  } finally {
    await admin.disconnect();
  }
}

/** A leader that was just named may not know of it yet. */
async function doLead(admin: Admin, names: readonly string[]): Promise<boolean> {
  return Promise.all(names.map((name) => admin.fetchTopicOffsets(name))).then(() => true, () => false);
}

/** A cluster that has had no group yet makes the place for their positions when it is first asked for one. */
async function untilCoordinated(admin: Admin, { prefix }: KafkaSettings): Promise<void> {
  for (let looks = 1; ; looks++) {
    try {
      await admin.fetchOffsets({ groupId: `${prefix}nobody` });
      return;
    } catch (error) {
      if (looks === LOOKS_MAX) throw error;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }
}

/** Those of the exchange's topics that are on the brokers. */
export async function topicsThere(settings: KafkaSettings): Promise<string[]> {
  const admin = kafkaClient(settings).admin();
  await admin.connect();
  try {
    const there = new Set(await admin.listTopics());
    return busTopics.map((topic) => settings.prefix + topic).filter((name) => there.has(name));
  } finally {
    await admin.disconnect();
  }
}

async function untilLed(admin: Admin, names: readonly string[]): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const { topics } = await admin.fetchTopicMetadata({ topics: [...names] }).catch(() => ({ topics: [] }));
    const led = topics.filter(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0));
    for (const { name, partitions } of led) invariant(partitions.length === PARTITIONS, `topic ${name} has ${partitions.length} partitions, not ${PARTITIONS}`);
    if (led.length === names.length && (await doLead(admin, names))) return;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  throw new Error(`Kafka has made the topics, but not all of their partitions have a leader: ${names.join(', ')}`);
}
