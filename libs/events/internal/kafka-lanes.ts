import type { Kafka, Message, Producer } from 'kafkajs';
import { retrying } from '../kafka-settings';

const RECORDS_A_SEND_MAX = 500;
const BYTES_A_SEND_MAX = 256 * 1024;
const PRODUCERS = 4;
const PAUSE_MS = 100;
const CLOSE_MS_MAX = 5_000;

interface Queued {
  readonly message: Message;
  readonly part: Part;
}

/** What one caller has put into one lane. */
interface Part {
  left: number;
  done(): void;
}

export interface LanesOptions {
  readonly kafka: Kafka;
  /** Called when a send fails for the first time, and when one succeeds again. */
  readonly onReach: (isThere: boolean, error?: unknown) => void;
}

/**
 * The way into the log: a lane for each partition. kafkajs loses acknowledged messages when a send spans partitions or two
 * sends of one partition overlap; so each send is for one partition, one at a time, and the same batch goes again until it
 * is acknowledged. Nothing may overtake it: a lane that cannot deliver waits, whoever has given up meanwhile.
 */
export class KafkaLanes {
  private readonly lanes = new Map<string, Lane>();
  private readonly senders: readonly Sender[];
  private isAway = false;
  private readonly sending = new Set<Promise<unknown>>();
  private isClosed = false;
  /** When a send was last acknowledged. */
  progressAt = 0;

  constructor(private readonly options: LanesOptions) {
    this.senders = Array.from({ length: PRODUCERS }, () => new Sender(options.kafka));
  }

  /** Resolves when all are acknowledged. `abandon` takes back what no send has carried yet. */
  put(topic: string, partition: number, messages: readonly Message[]): { readonly delivered: Promise<void>; abandon(): void } {
    const id = `${topic}/${partition}`;
    let lane = this.lanes.get(id);
    if (!lane) this.lanes.set(id, (lane = new Lane((batch) => this.deliver(topic, partition, batch))));
    return lane.put(messages);
  }

  /** What is on its way gets a moment to arrive: a send that outlived its producer's end would open it again. */
  async close(): Promise<void> {
    this.isClosed = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, CLOSE_MS_MAX);
    });
    await Promise.race([Promise.all(this.sending), late]);
    clearTimeout(timer);
    await Promise.all(this.senders.map((sender) => sender.close()));
  }

  private async deliver(topic: string, partition: number, messages: Message[]): Promise<boolean> {
    const sender = this.senders[partition % this.senders.length];
    while (!this.isClosed && sender) {
      try {
        await this.counted(sender.send(topic, partition, messages));
        this.progressAt = performance.now();
        this.told(true);
        return true;
      } catch (error) {
        this.told(false, error);
        await new Promise((done) => setTimeout(done, PAUSE_MS));
      }
    }
    return false;
  }

  private async counted(work: Promise<void>): Promise<void> {
    const ended = work.catch(() => undefined).then(() => void this.sending.delete(ended));
    this.sending.add(ended);
    await work;
  }

  private told(isThere: boolean, error?: unknown): void {
    if (this.isAway !== isThere || this.isClosed) return;
    this.isAway = !isThere;
    this.options.onReach(isThere, error);
  }
}

class Lane {
  private queue: Queued[] = [];
  private isBusy = false;

  constructor(private readonly deliver: (messages: Message[]) => Promise<boolean>) {}

  put(messages: readonly Message[]): { readonly delivered: Promise<void>; abandon(): void } {
    let part: Part | undefined;
    const delivered = new Promise<void>((done) => {
      const own = { left: messages.length, done };
      part = own;
      for (const message of messages) this.queue.push({ message, part: own });
    });
    void this.work();
    return { delivered, abandon: () => void (this.queue = this.queue.filter((queued) => queued.part !== part)) };
  }

  private async work(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    for (let batch = this.next(); batch.length > 0; batch = this.next()) {
      if (!(await this.deliver(batch.map(({ message }) => message)))) return; // Closed: the lane stays shut.
      for (const { part } of batch) if (--part.left === 0) part.done();
    }
    this.isBusy = false;
  }

  private next(): Queued[] {
    let bytes = 0;
    let count = 0;
    for (const { message } of this.queue) {
      bytes += message.value?.length ?? 0;
      if (count > 0 && (count === RECORDS_A_SEND_MAX || bytes > BYTES_A_SEND_MAX)) break;
      count += 1;
    }
    return this.queue.splice(0, count);
  }
}

/** An idempotent producer. Its sends to one broker follow each other, so several of these share the lanes. */
class Sender {
  private current: Promise<Producer> | undefined;

  constructor(private readonly kafka: Kafka) {}

  async send(topic: string, partition: number, messages: Message[]): Promise<void> {
    const opened = (this.current ??= this.open());
    try {
      const producer = await opened;
      await producer.send({ topic, acks: -1, messages });
    } catch (error) {
      // What cannot be tried again has broken the producer itself; the same batch goes through a new one.
      if (this.current === opened && (await isBroken(opened, error))) {
        this.current = undefined;
        void opened.then((producer) => producer.disconnect()).catch(() => undefined);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = await this.current?.catch(() => undefined);
    this.current = undefined;
    await producer?.disconnect();
  }

  private async open(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // Without end as well, beyond these: the lane sends the same batch again, with the same sequence numbers.
      retry: { ...retrying, retries: 5 },
      createPartitioner: () => ({ message }) => message.partition ?? 0, // The lane's, which each message names.
    });
    await producer.connect();
    return producer;
  }
}

async function isBroken(opened: Promise<Producer>, error: unknown): Promise<boolean> {
  const isOpen = await opened.then(() => true, () => false);
  return !isOpen || (error instanceof Error && error.name === 'KafkaJSNonRetriableError');
}
