import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { retrying } from '../kafka-settings';

const SESSION_MS = 6_000;
const REBALANCE_MS = 10_000;
const HEARTBEAT_MS = 1_000;
const WAIT_MS = 500;
/** What one fetch brings of a partition. */
const PARTITION_BYTES_MAX = 256 * 1024;
/** What of it waits here before the partition is paused: room for the next fetches while the first is worked on. */
const SHELF_BYTES_MAX = 3 * PARTITION_BYTES_MAX;
const FETCH_BYTES_MAX = 6 * 1024 * 1024;
const RECORDS_A_READ_MAX = 2_000;
const RECONNECT_MS = 1_000;
const RETRIES = 8;
const STOP_MS_MAX = 8_000;

export interface MemberOptions {
  readonly kafka: Kafka;
  readonly group: string;
  /** As Kafka knows them. */
  readonly topics: readonly string[];
  readonly onArrival: (topic: string) => void;
  /** The membership is lost for good: only a new process is sure to read on. */
  readonly onLost: (error: Error) => void;
  readonly onTrouble: (error: unknown) => void;
}

export interface Taken {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly lines: string[];
}

interface Arrived {
  readonly offset: number;
  readonly line: string;
}

/** What has arrived of a partition and is not committed yet. */
interface Shelf {
  readonly topic: string;
  readonly partition: number;
  records: Arrived[];
  bytes: number;
  isPaused: boolean;
}

/**
 * This process as a member of a consumer group. Batches are put on a shelf as they arrive; they stay there until they are
 * committed, which is after their effect. A shelf that is full pauses its partition. When the group is dealt anew all
 * shelves are emptied: what was not committed comes again, to us or to another member.
 */
export class KafkaMember {
  private readonly shelves = new Map<string, Shelf>();
  private consumer: Consumer | undefined;
  private connecting: Promise<void> | undefined;
  /** Counts starts and stops: what began under another count is over. */
  private starts = 0;
  private seenAt = performance.now();

  constructor(private readonly options: MemberOptions) {}

  /** Joins in the background, and again until it succeeds: events wait, the service does not. */
  start(): void {
    this.connecting = this.join(++this.starts);
  }

  /** Does not wait for long for a join that does not come about: it ends by itself, and so does a consumer that comes of it. */
  async stop(): Promise<void> {
    this.starts += 1;
    const { consumer } = this;
    this.consumer = undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, STOP_MS_MAX);
    });
    await Promise.race([Promise.resolve(this.connecting).then(() => consumer?.disconnect()).catch(() => undefined), late]);
    clearTimeout(timer);
    this.shelves.clear();
  }

  /** How long nothing was heard of the group: no fetch, no heartbeat, no dealing. */
  get quietMs(): number {
    return performance.now() - this.seenAt;
  }

  take(topics: ReadonlySet<string>): Taken[] {
    const taken: Taken[] = [];
    for (const { topic, partition, records } of this.shelves.values()) {
      const [first] = records;
      if (!first || !topics.has(topic)) continue;
      const lines: string[] = [];
      for (const { offset, line } of records) {
        if (offset !== first.offset + lines.length || lines.length === RECORDS_A_READ_MAX) break;
        lines.push(line);
      }
      taken.push({ topic, partition, from: first.offset, lines });
    }
    return taken;
  }

  /** A position that is not ahead of the shelf's beginning, or whose partition was dealt to another, changes nothing. */
  async commit(positions: readonly { topic: string; partition: number; offset: number }[]): Promise<void> {
    const ahead = positions.filter(({ topic, partition, offset }) => {
      const [first] = this.shelves.get(`${topic}/${partition}`)?.records ?? [];
      return first !== undefined && offset > first.offset;
    });
    if (ahead.length === 0 || !this.consumer) return;
    const shelves = ahead.map(({ topic, partition }) => this.shelves.get(`${topic}/${partition}`));
    try {
      await this.consumer.commitOffsets(ahead.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })));
    } catch (error) {
      if (isDealing(error)) return; // It comes again, and is dropped as late.
      throw error;
    }
    ahead.forEach(({ offset }, at) => this.clear(shelves[at], offset));
  }

  private clear(shelf: Shelf | undefined, offset: number): void {
    if (!shelf) return;
    const kept = shelf.records.findIndex((record) => record.offset >= offset);
    const gone = shelf.records.splice(0, kept < 0 ? shelf.records.length : kept);
    shelf.bytes -= gone.reduce((sum, { line }) => sum + line.length, 0);
    if (!shelf.isPaused || shelf.bytes > PARTITION_BYTES_MAX / 2 || this.shelves.get(`${shelf.topic}/${shelf.partition}`) !== shelf) return;
    shelf.isPaused = false;
    this.consumer?.resume([{ topic: shelf.topic, partitions: [shelf.partition] }]);
  }

  private async join(start: number): Promise<void> {
    while (this.starts === start) {
      const consumer = this.consumerOf();
      try {
        await consumer.connect();
        await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
        if (this.starts !== start) return await consumer.disconnect();
        this.consumer = consumer;
        return await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async (payload) => this.arrived(payload) });
      } catch (error) {
        if (this.consumer === consumer) this.consumer = undefined;
        await consumer.disconnect().catch(() => undefined);
        if (this.starts !== start) return;
        this.options.onTrouble(error);
        await new Promise((done) => setTimeout(done, RECONNECT_MS));
      }
    }
  }

  private consumerOf(): Consumer {
    const { kafka, group } = this.options;
    const consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: WAIT_MS,
      maxBytesPerPartition: PARTITION_BYTES_MAX,
      maxBytes: FETCH_BYTES_MAX,
      allowAutoTopicCreation: false,
      retry: { ...retrying, retries: RETRIES, restartOnFailure: async () => true },
    });
    const seen = () => void (this.seenAt = performance.now());
    consumer.on(consumer.events.FETCH, seen);
    consumer.on(consumer.events.HEARTBEAT, seen);
    consumer.on(consumer.events.GROUP_JOIN, () => {
      seen();
      if (this.consumer !== consumer) return void consumer.disconnect().catch(() => undefined); // It was stopped while it joined.
      this.dealtAnew(consumer);
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (this.consumer === consumer) this.options.onTrouble(error);
      if (!restart && this.consumer === consumer) this.options.onLost(error);
    });
    return consumer;
  }

  private dealtAnew(consumer: Consumer): void {
    this.shelves.clear();
    const paused = consumer.paused();
    if (paused.length > 0) consumer.resume(paused);
  }

  private arrived({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload): void {
    if (!isRunning() || isStale()) return;
    const { topic, partition } = batch;
    const id = `${topic}/${partition}`;
    let shelf = this.shelves.get(id);
    if (!shelf) this.shelves.set(id, (shelf = { topic, partition, records: [], bytes: 0, isPaused: false }));
    const next = (shelf.records.at(-1)?.offset ?? -1) + 1;
    for (const message of batch.messages) {
      const offset = Number(message.offset);
      if (offset < next) continue; // A fetch may begin before what was asked for.
      const line = message.value?.toString() ?? '';
      shelf.records.push({ offset, line });
      shelf.bytes += line.length;
    }
    resolveOffset(batch.lastOffset());
    if (shelf.bytes >= SHELF_BYTES_MAX && !shelf.isPaused) {
      shelf.isPaused = true;
      this.consumer?.pause([{ topic, partitions: [partition] }]);
    }
    this.options.onArrival(topic);
  }
}

const DEALING = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS']);

/** The group is being dealt anew, or its coordinator moves. */
function isDealing(error: unknown): boolean {
  const type: unknown = error instanceof Error && 'type' in error ? error.type : undefined;
  return typeof type === 'string' && DEALING.has(type);
}
