import type { ServiceName, Topic } from '@libs/contracts/events';
import { Bus, type BusBatch, type BusPosition, type BusRecord } from '@libs/events/bus';
import { parseLine } from '@libs/events/event-line';

/** How often, of a hundred. */
const WITHHELD = 30;
const REPEATED = 30;
const REMEMBERED_MAX = 400;

/** A bus that keeps what it must, the order of each key and nothing lost, and nothing else: what was sent comes again, late; partitions come in whatever order, or not yet. */
export class UnkindBus extends Bus {
  /** `service event`, of everything that was handed out. */
  readonly told = new Set<string>();
  readonly system: string;
  private readonly past: (readonly BusRecord[])[] = [];

  constructor(
    private readonly inner: Bus,
    private readonly random: () => number,
  ) {
    super();
    this.system = inner.system;
  }

  async append(records: readonly BusRecord[]): Promise<void> {
    await this.inner.append(records);
    this.past.push(records);
    if (this.past.length > REMEMBERED_MAX) this.past.shift();
    if (this.happens(REPEATED)) await this.inner.append(this.past[Math.floor(this.random() * this.past.length)] ?? records);
  }

  async read(group: string, topics: readonly Topic[]): Promise<BusBatch[]> {
    const batches = (await this.inner.read(group, topics)).filter(() => !this.happens(WITHHELD));
    for (const line of batches.flatMap(({ lines }) => lines)) this.told.add(`${group} ${parseLine(line).type}`);
    return batches.map((batch) => ({ batch, place: this.random() })).sort((a, b) => a.place - b.place).map(({ batch }) => batch);
  }

  subscribe(group: string, topics: readonly Topic[]): Promise<void> {
    return this.inner.subscribe(group, topics);
  }

  commit(group: string, positions: readonly BusPosition[]): Promise<void> {
    return this.inner.commit(group, positions);
  }

  rewind(group: string, topics: readonly Topic[], since?: Date): Promise<void> {
    return this.inner.rewind(group, topics, since);
  }

  forget(group: string): Promise<void> {
    return this.inner.forget(group);
  }

  ends(topics: readonly Topic[]): Promise<BusPosition[]> {
    return this.inner.ends(topics);
  }

  starts(topics: readonly Topic[]): Promise<BusPosition[]> {
    return this.inner.starts(topics);
  }

  lag(group: string, topics: readonly Topic[]): Promise<number> {
    return this.inner.lag(group, topics);
  }

  onAppend(listener: (topics: ReadonlySet<Topic>) => void): void {
    this.inner.onAppend(listener);
  }

  private happens(ofAHundred: number): boolean {
    return this.random() * 100 < ofAHundred;
  }
}

export const toldTo = (service: ServiceName, event: string): string => `${service} ${event}`;
