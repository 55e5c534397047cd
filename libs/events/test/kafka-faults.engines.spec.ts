import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { KafkaBus } from '@libs/events/kafka-bus';
import type { EventConsumer } from '@libs/events/event-consumer';
import { kafkaClient } from '@libs/events/kafka-settings';
import { createTopics } from '@libs/events/kafka-topics';
import { kafkaBrokers, removeTopics } from '@libs/testing/test-kafka';
import { partitionOf } from '@libs/events/bus';
import { Notebook, Side, until } from './side';

const brokers = kafkaBrokers();
/** A script that starts and kills the brokers of KAFKA_BROKERS by number: `kill 1`, `start 1`. */
const control = process.env.KAFKA_CONTROL ?? '';
const OUTAGE_MS = Number(process.env.KAFKA_OUTAGE_S ?? 10) * 1_000;
const DRAIN_MS_MAX = 90_000;
const KEYS = 12;

const broker = async (what: 'kill' | 'start', node: number) => void (await promisify(execFile)(control, [what, String(node)]));
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A service that announces without a pause, and consumers that listen: all of it in loops of their own, as in an exchange. */
class Traffic {
  readonly settings = { brokers, prefix: `bus-faults-${randomUUID()}.` };
  readonly keys = Array.from({ length: KEYS }, () => `usr_${randomUUID()}`);
  readonly lost: Error[] = [];
  readonly buses: KafkaBus[] = [];
  announced = 0;
  pendingMax = 0;
  private readonly loops: Promise<void>[] = [];
  private isAnnouncing = true;
  private isRunning = true;
  private startedSide: Side | undefined;

  get side(): Side {
    if (!this.startedSide) throw new Error('the traffic has not begun');
    return this.startedSide;
  }

  static async begin(): Promise<Traffic> {
    const traffic = new Traffic();
    await createTopics(traffic.settings, {}, ['users']);
    traffic.startedSide = await Side.start('user', traffic.bus());
    const { side } = traffic;
    traffic.loops.push(traffic.announcing());
    traffic.loop(async () => void (await side.relay.pass()));
    traffic.loop(async () => void (traffic.pendingMax = Math.max(traffic.pendingMax, await side.relay.pending())));
    traffic.consume(side.consumer);
    return traffic;
  }

  bus(): KafkaBus {
    const bus = new KafkaBus({ ...this.settings, onLost: (error) => this.lost.push(error) });
    this.buses.push(bus);
    return bus;
  }

  consume(consumer: EventConsumer): void {
    this.loop(async () => void (await consumer.pass()));
  }

  /** Everything that was announced has taken effect, once, in the order of its key. */
  async drained(): Promise<void> {
    this.isAnnouncing = false;
    await this.loops[0];
    const expected = Array.from({ length: this.announced }, (_, n) => `r${n + 1}`);
    await until(async () => {
      const [{ n } = { n: 0 }] = await this.side.sql.query<{ n: number }>('select count(*)::int as n from effects');
      if (n < KEYS * this.announced || (await this.side.relay.pending()) > 0) await pause(100);
      else return true;
      return false;
    }, DRAIN_MS_MAX);
    for (const key of this.keys) expect(await this.side.told(key)).toEqual(expected);
    expect(await this.side.sql.query('select key, error from parked')).toEqual([]);
    expect(this.lost).toEqual([]);
  }

  async end(): Promise<void> {
    this.isAnnouncing = false;
    this.isRunning = false;
    await Promise.all(this.loops);
    await Promise.all(this.buses.map((bus) => bus.close()));
    await removeTopics(this.settings);
    await this.side.stop();
  }

  private async announcing(): Promise<void> {
    while (this.isAnnouncing) {
      this.announced += 1;
      for (const key of this.keys) await this.side.announce(key, `r${this.announced}`);
      await pause(20);
    }
  }

  /** A pass that fails is tried again, as the services' loops do. */
  private loop(pass: () => Promise<void>): void {
    const run = async () => {
      while (this.isRunning) {
        await pass().catch(() => undefined);
        await pause(20);
      }
    };
    this.loops.push(run());
  }
}

(brokers.length > 0 ? describe : describe.skip)(`the bus on ${brokers.length} broker(s)`, () => {
  let traffic: Traffic;

  jest.setTimeout(240_000 + OUTAGE_MS);
  beforeEach(async () => {
    traffic = await Traffic.begin();
    await until(async () => (await traffic.side.effects()).length > 3 * KEYS, DRAIN_MS_MAX);
  });
  afterEach(() => traffic.end());

  it('applies each event once while members join and leave within their batches', async () => {
    for (let times = 0; times < 2; times++) {
      const bus = traffic.bus();
      const notebook = new Notebook(traffic.side.sql, 'user');
      notebook.afterEffect = async () => void (await pause(5)); // Batches take long enough to be cut.
      const member = traffic.side.anotherConsumer(notebook, bus);
      await member.subscribe();
      traffic.consume(member);
      await until(async () => member.fates.applied > 0, DRAIN_MS_MAX);
      await bus.close();
    }
    await traffic.drained();
  });

  const controlled = control ? it : it.skip;

  controlled('loses nothing when the broker that leads is killed under load, and comes back', async () => {
    const led = await leaderOf(traffic);
    const before = traffic.announced;
    await broker('kill', led);
    await until(async () => traffic.announced > before + 20, DRAIN_MS_MAX); // Trading goes on.
    await broker('start', led);
    await traffic.drained();
  });

  controlled('lets trading go on while no broker answers, and drains the outbox in order afterwards', async () => {
    const nodes = brokers.map((_, at) => at + 1);
    const before = traffic.announced;
    await Promise.all(nodes.map((node) => broker('kill', node)));
    await pause(OUTAGE_MS);
    expect(traffic.announced).toBeGreaterThan(before + 20);
    expect(traffic.pendingMax).toBeGreaterThan(20);
    await Promise.all(nodes.map((node) => broker('start', node)));
    await traffic.drained();
  });

  /** Of the partition in which the first key lives. */
  async function leaderOf({ settings, keys }: Traffic): Promise<number> {
    const admin = kafkaClient(settings).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [`${settings.prefix}users`] });
    await admin.disconnect();
    return topics[0]?.partitions.find(({ partitionId }) => partitionId === partitionOf(keys[0] ?? ''))?.leader ?? 1;
  }
});
