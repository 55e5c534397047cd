import type { Socket } from 'node:net';
import type { Topic } from '@libs/contracts/events';
import { AppError } from '@libs/kernel/app-error';
import { invariant } from '@libs/kernel/invariant';
import { AssignerProtocol, type Admin, type Kafka, type Message } from 'kafkajs';
import { Bus, partitionOf, type BusBatch, type BusPosition, type BusRecord } from './bus';
import type { EventLog } from './event-consumer';
import { KafkaLanes } from './internal/kafka-lanes';
import { KafkaMember } from './internal/kafka-member';
import { kafkaClient, type KafkaSettings } from './kafka-settings';

const APPEND_MS_MAX = 5_000;
const ADMIN_MS_MAX = 5_000;
const ADMIN_PAUSE_MS = 250;
/** A group that hears nothing for so long, while its broker answers and events wait, reads no more. */
const QUIET_MS_MAX = 90_000;

export interface KafkaBusOptions extends KafkaSettings {
  readonly log?: EventLog;
  /** A consumer has ended and will not come back: the process should end, and be started again. */
  readonly onLost: (error: Error) => void;
}

/** The first and the next offset of each partition. */
type Bounds = Awaited<ReturnType<Admin['fetchTopicOffsets']>>;

/** The log on Kafka. Its topics are made beforehand, by `createTopics`. */
export class KafkaBus extends Bus {
  readonly system = 'kafka';
  private readonly kafka: Kafka;
  private readonly lanes: KafkaLanes;
  private readonly members = new Map<string, KafkaMember>();
  private readonly listeners: ((topics: ReadonlySet<Topic>) => void)[] = [];
  /** The package forgets some of them when a broker dies while several callers connect to it: they are closed at the end. */
  private readonly sockets = new Set<Socket>();
  private admin: Promise<Admin> | undefined;
  /** What is being asked about a topic for the lag, which all services of a process want at once. */
  private readonly asking = new Map<string, Promise<Bounds>>();

  constructor(private readonly options: KafkaBusOptions) {
    super();
    this.kafka = kafkaClient(options, (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.lanes = new KafkaLanes({ kafka: this.kafka, onReach: (isThere, error) => this.tellReach(isThere, error) });
  }

  async append(records: readonly BusRecord[]): Promise<void> {
    const batches = new Map<string, { topic: string; partition: number; messages: Message[] }>();
    for (const { topic, key, line } of records) {
      const partition = partitionOf(key);
      const id = `${topic}/${partition}`;
      const batch = batches.get(id) ?? { topic: this.nameOf(topic), partition, messages: [] };
      batch.messages.push({ key, value: line, partition });
      batches.set(id, batch);
    }
    const parts = [...batches.values()].map(({ topic, partition, messages }) => this.lanes.put(topic, partition, messages));
    if (!(await this.areDelivered(Promise.all(parts.map(({ delivered }) => delivered))))) {
      parts.forEach((part) => part.abandon());
      throw new AppError('unavailable', 'bus.unavailable', 'The event bus does not answer.');
    }
  }

  async subscribe(group: string, topics: readonly Topic[]): Promise<void> {
    if (this.members.has(group)) return;
    const member = new KafkaMember({
      kafka: this.kafka,
      group: this.nameOf(group),
      topics: topics.map((topic) => this.nameOf(topic)),
      onArrival: (topic) => this.arrived(topic),
      onLost: (error) => this.options.onLost(error),
      onTrouble: (error) => this.options.log?.warn({ group, error: String(error) }, 'the consumer of the bus had to begin anew'),
    });
    this.members.set(group, member);
    member.start();
  }

  async read(group: string, topics: readonly Topic[]): Promise<BusBatch[]> {
    const taken = this.memberOf(group).take(new Set(topics.map((topic) => this.nameOf(topic))));
    return taken.map((batch) => ({ ...batch, topic: this.topicOf(batch.topic) }));
  }

  async commit(group: string, positions: readonly BusPosition[]): Promise<void> {
    await this.memberOf(group).commit(positions.map((position) => ({ ...position, topic: this.nameOf(position.topic) })));
  }

  async rewind(group: string, topics: readonly Topic[], since?: Date): Promise<void> {
    const member = this.members.get(group);
    await member?.stop();
    try {
      await this.asAdmin(async (admin) => {
        for (const topic of topics.map((one) => this.nameOf(one))) {
          const starts = since ? await admin.fetchTopicOffsetsByTimestamp(topic, since.getTime()) : (await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => ({ partition, offset: low }));
          await admin.setOffsets({ groupId: this.nameOf(group), topic, partitions: starts.map(({ partition, offset }) => ({ partition, offset })) });
        }
      });
    } finally {
      member?.start();
    }
  }

  async forget(group: string): Promise<void> {
    await this.members.get(group)?.stop();
    this.members.delete(group);
    await this.asAdmin((admin) => admin.deleteGroups([this.nameOf(group)]));
  }

  async ends(topics: readonly Topic[]): Promise<BusPosition[]> {
    const ends = await this.asAdmin((admin) =>
      Promise.all(topics.map(async (topic) => (await admin.fetchTopicOffsets(this.nameOf(topic))).map(({ partition, high }) => ({ topic, partition, offset: Number(high) })))),
    );
    return ends.flat().filter(({ offset }) => offset > 0);
  }

  async starts(topics: readonly Topic[]): Promise<BusPosition[]> {
    const starts = await this.asAdmin((admin) =>
      Promise.all(topics.map(async (topic) => (await admin.fetchTopicOffsets(this.nameOf(topic))).map(({ partition, low }) => ({ topic, partition, offset: Number(low) })))),
    );
    return starts.flat().filter(({ offset }) => offset > 0);
  }

  /** Where the group is in those of the topics that it reads: at 0 where it has committed nothing yet. */
  async positions(group: string, topics: readonly Topic[]): Promise<BusPosition[]> {
    const groupId = this.nameOf(group);
    const [committed, read] = await this.asAdmin((admin) => Promise.all([admin.fetchOffsets({ groupId, topics: topics.map((topic) => this.nameOf(topic)) }), subscribedBy(admin, groupId)]));
    return committed
      .filter(({ topic, partitions }) => read.has(topic) || partitions.some(({ offset }) => Number(offset) >= 0))
      .flatMap(({ topic, partitions }) => partitions.map(({ partition, offset }) => ({ topic: this.topicOf(topic), partition, offset: Math.max(0, Number(offset)) })));
  }

  async lag(group: string, topics: readonly Topic[]): Promise<number> {
    const lag = await this.asAdmin(async (admin) => {
      const committed = await admin.fetchOffsets({ groupId: this.nameOf(group), topics: topics.map((topic) => this.nameOf(topic)) });
      const behind = committed.map(async ({ topic, partitions }) => {
        const at = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
        const ends = await this.boundsOf(admin, topic);
        return ends.reduce((sum, { partition, low, high }) => sum + Number(high) - Math.max(at.get(partition) ?? -1, Number(low)), 0);
      });
      return (await Promise.all(behind)).reduce((sum, one) => sum + one, 0);
    });
    const member = this.members.get(group);
    if (lag > 0 && member && member.quietMs > QUIET_MS_MAX) this.options.onLost(new Error(`the consumer ${group} hears nothing, though ${lag} events wait and the brokers answer`));
    return lag;
  }

  onAppend(listener: (topics: ReadonlySet<Topic>) => void): void {
    this.listeners.push(listener);
  }

  async close(): Promise<void> {
    await Promise.all([...this.members.values()].map((member) => member.stop()));
    await this.lanes.close();
    const admin = await this.admin?.catch(() => undefined);
    await admin?.disconnect();
    this.sockets.forEach((socket) => socket.destroy());
  }

  /** A slow broker is waited for as long as it takes anything of ours; one that does not for a while is away. */
  private async areDelivered(work: Promise<unknown>): Promise<boolean> {
    const begun = performance.now();
    const done = work.then(() => true as const);
    for (;;) {
      const left = Math.max(begun, this.lanes.progressAt) + APPEND_MS_MAX - performance.now();
      if (left <= 0) return false;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), left);
      });
      if (await Promise.race([done, late]).finally(() => clearTimeout(timer))) return true;
    }
  }

  /** For a while: a coordinator that moves or loads, and a partition whose leader is new, answer a moment later. What fails to the end is tried over a new connection the next time. */
  private async asAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const end = performance.now() + ADMIN_MS_MAX;
    for (;;) {
      const opened = (this.admin ??= this.openAdmin());
      try {
        return await work(await opened);
      } catch (error) {
        const isOpen = await opened.then(() => true, () => false);
        const isLate = performance.now() > end;
        if (this.admin === opened && (!isOpen || isLate)) {
          this.admin = undefined;
          void opened.then((admin) => admin.disconnect()).catch(() => undefined);
        }
        if (isLate) throw new AppError('unavailable', 'bus.unavailable', 'The event bus does not answer.', { cause: String(error) });
        await new Promise((done) => setTimeout(done, ADMIN_PAUSE_MS));
      }
    }
  }

  private async boundsOf(admin: Admin, name: string): Promise<Bounds> {
    const asked = this.asking.get(name) ?? admin.fetchTopicOffsets(name).finally(() => this.asking.delete(name));
    this.asking.set(name, asked);
    return asked;
  }

  private async openAdmin(): Promise<Admin> {
    const admin = this.kafka.admin();
    await admin.connect();
    return admin;
  }

  private memberOf(group: string): KafkaMember {
    const member = this.members.get(group);
    invariant(member, `${group} has not subscribed`);
    return member;
  }

  private arrived(name: string): void {
    const topics = new Set([this.topicOf(name)]);
    this.listeners.forEach((listener) => listener(topics));
  }

  private tellReach(isThere: boolean, error: unknown): void {
    if (isThere) this.options.log?.warn({}, 'the event bus takes events again');
    else this.options.log?.error({ error: String(error) }, 'the event bus takes no events: they wait in the outboxes');
  }

  private nameOf(topicOrGroup: string): string {
    return this.options.prefix + topicOrGroup;
  }

  private topicOf(name: string): Topic {
    return name.slice(this.options.prefix.length) as Topic; // We read what we have subscribed to.
  }
}

/** What the living members of a group have asked for. */
async function subscribedBy(admin: Admin, groupId: string): Promise<Set<string>> {
  const { groups } = await admin.describeGroups([groupId]);
  const members = groups.flatMap((group) => group.members);
  return new Set(members.flatMap(({ memberMetadata }) => AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? []));
}
