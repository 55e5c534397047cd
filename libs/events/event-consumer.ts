import type { Topic } from '@libs/contracts/events';
import type { Bus, BusBatch, BusPosition } from './bus';
import { topicsOf } from './event-handlers';
import { BadLine, parseLine, type EventLine } from './event-line';
import { lastOf, runId, type Run } from './internal/cursors';
import { Deliveries, type Failure, UnknownEvent, type DeliveryOptions, type Fate } from './internal/deliveries';
import { isTransient, ParkedQueue, textOf, TRIES } from './internal/parked-queue';

export interface EventLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface ConsumerOptions extends DeliveryOptions {
  readonly bus: Bus;
  readonly log?: EventLog;
}

const RETRY_MS = 20;
const BACK_OFF_MS = 25;
const BACK_OFF_MS_MAX = 2_000;
const LANES = 2;
/** Their effects hold their locks for one another. */
const EVENTS_A_TRANSACTION_MAX = 16;
const PASS_MS = 1_000;

/** Where a partition waits: how often its next event failed, and how often its surroundings did. */
interface Hold {
  readonly offset: number;
  readonly tries: number;
  readonly waits: number;
  readonly until: number;
}

interface Located {
  readonly text: string;
  readonly offset: number;
  /** Of a try together with others. */
  readonly failure: Failure | undefined;
}

/** Brings the events of the bus to the handlers of one service: each takes effect once, in the order of its key. */
export class EventConsumer {
  readonly topics: Topic[];
  readonly fates: Record<Fate, number> = { applied: 0, late: 0, queued: 0, parked: 0 };
  /** How often an event was put off, to be tried again. */
  retries = 0;
  private readonly deliveries: Deliveries;
  private readonly queue: ParkedQueue;
  /** Partitions that wait before they try their next event again, by id. */
  private readonly holds = new Map<string, Hold>();

  constructor(private readonly options: ConsumerOptions) {
    this.topics = topicsOf(options.handlers);
    this.deliveries = new Deliveries(options, () => this.queue.look());
    this.queue = new ParkedQueue(options, this.deliveries);
  }

  /** Once, before the first pass: what this consumer has not read before begins at the start of the log. */
  async subscribe(): Promise<void> {
    if (this.topics.length > 0) await this.options.bus.subscribe(this.options.name, this.topics);
    await this.deliveries.lookForReplay();
  }

  /** Takes what there is, for a second at most; answers whether there may be more. A failing handler holds its partition back, but fails no pass. */
  async pass(): Promise<boolean> {
    if (this.topics.length === 0) return false;
    const until = performance.now() + PASS_MS;
    await this.queue.drain(until);
    while (await this.takeSome(until)) if (performance.now() > until) return true;
    await this.deliveries.endReplay();
    return false;
  }

  private async takeSome(until: number): Promise<boolean> {
    const { bus, name } = this.options;
    const batches = (await bus.read(name, this.topics)).filter((batch) => this.isFree(batch));
    const reached: BusPosition[] = [];
    const waiting = batches.values();
    const lane = async () => {
      for (const batch of waiting) reached.push(await this.take(batch, until));
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await bus.commit(name, reached);
    return batches.some((batch) => this.isFree(batch));
  }

  /** Events that this consumer has yet to see or to apply; those that wait for a person are not among them. */
  async pending(): Promise<number> {
    if (this.topics.length === 0) return 0;
    const [lag, due] = await Promise.all([this.options.bus.lag(this.options.name, this.topics), this.queue.due()]);
    return lag + due;
  }

  private isFree(batch: BusBatch): boolean {
    return (this.holds.get(idOf(batch))?.until ?? 0) <= performance.now();
  }

  /** Takes a batch as far as it goes, and answers where the partition is to be read next. */
  private async take(batch: BusBatch, until: number): Promise<BusPosition> {
    const passed = new Map<string, Run>();
    let offset = batch.from;
    try {
      while (offset - batch.from < batch.lines.length && performance.now() <= until) {
        const group = this.groupAt(batch, offset, passed);
        const { done, failure } = group.length > 1 ? await this.takeTogether(group) : { done: 0 };
        offset += done;
        const oneByOne = batch.lines.slice(offset - batch.from, offset - batch.from + Math.max(1, group.length) - done);
        for (const [at, text] of oneByOne.entries()) {
          await this.takeLine(batch, { text, offset, failure: failure?.at === at ? failure : undefined }, passed);
          offset += 1;
        }
      }
    } catch (error) {
      this.holdBack(batch, offset, error);
    }
    try {
      await this.passAll(passed);
    } catch (error) {
      offset = batch.from; // What took effect meanwhile is dropped as late when it comes again.
      this.holdBack(batch, offset, error);
    }
    if (offset > (this.holds.get(idOf(batch))?.offset ?? offset)) this.holds.delete(idOf(batch));
    return { topic: batch.topic, partition: batch.partition, offset };
  }

  /** The events from here on that may share a transaction: readable ones, the first of which is handled, of keys that nothing is to be passed over in. */
  private groupAt(batch: BusBatch, offset: number, passed: ReadonlyMap<string, Run>): EventLine[] {
    if (this.holds.get(idOf(batch))?.offset === offset) return []; // It has failed: it is tried alone.
    const group: EventLine[] = [];
    const last = new Map<string, number>();
    for (const text of batch.lines.slice(offset - batch.from, offset - batch.from + EVENTS_A_TRANSACTION_MAX)) {
      const line = readable(text);
      if (line instanceof BadLine || passed.has(runId(line)) || (group.length === 0 && !this.deliveries.handles(line.type))) break;
      if ((last.get(runId(line)) ?? line.kseq - 1) !== line.kseq - 1) break;
      last.set(runId(line), line.kseq);
      group.push(line);
    }
    return group;
  }

  /** None are done when one fails or is out of turn: then they are taken one by one, and the one that has failed counts as tried. */
  private async takeTogether(group: readonly EventLine[]): Promise<{ done: number; failure?: Failure }> {
    const failure = await this.deliveries.deliverAll(group);
    if (failure) return { done: 0, failure };
    this.fates.applied += group.filter(({ type }) => this.deliveries.handles(type)).length;
    return { done: group.length };
  }

  private async takeLine(batch: BusBatch, record: Located, passed: Map<string, Run>): Promise<void> {
    const line = readable(record.text);
    if (line instanceof BadLine) {
      await this.deliveries.parkUnreadable(batch, record.offset, record.text);
      return this.tell('parked', { topic: batch.topic, offset: record.offset }, line);
    }
    const run = passed.get(runId(line));
    if (!this.deliveries.handles(line.type) && (!run || line.kseq === lastOf(run) + 1)) {
      if (run) run.lines.push(record.text);
      else passed.set(runId(line), { topic: line.topic, key: line.key, first: line.kseq, lines: [record.text] });
      return;
    }
    if (run) await this.passAll(passed);
    await this.deliver(batch, record, line);
  }

  private async passAll(passed: Map<string, Run>): Promise<void> {
    await this.deliveries.passOver([...passed.values()]);
    passed.clear();
  }

  private async deliver(batch: BusBatch, { text, offset, failure }: Located, line: EventLine): Promise<void> {
    try {
      if (failure) throw failure.error;
      this.fates[await this.deliveries.deliver(line, text)] += 1;
    } catch (error) {
      const hold = this.holds.get(idOf(batch));
      const attempts = (hold?.offset === offset ? hold.tries : 0) + 1;
      const isHopeless = error instanceof UnknownEvent || attempts >= TRIES;
      if (isTransient(error) || !isHopeless) throw error;
      const fate = await this.deliveries.park(line, text, { error: textOf(error), attempts });
      this.tell(fate, { topic: line.topic, key: line.key, kseq: line.kseq, event_type: line.type, event_id: line.headers.id, attempt: attempts }, error);
    }
  }

  /** The partition waits at the event that failed; the others go on. */
  private holdBack(batch: BusBatch, offset: number, error: unknown): void {
    this.retries += 1;
    const before = this.holds.get(idOf(batch));
    const { tries, waits } = before?.offset === offset ? before : { tries: 0, waits: 0 };
    const isWait = isTransient(error);
    const delay = isWait ? Math.min(BACK_OFF_MS * 2 ** waits, BACK_OFF_MS_MAX) : RETRY_MS * 2 ** tries;
    this.holds.set(idOf(batch), { offset, tries: tries + (isWait ? 0 : 1), waits: waits + (isWait ? 1 : 0), until: performance.now() + delay });
    this.options.log?.warn({ topic: batch.topic, partition: batch.partition, offset, error: textOf(error) }, 'an event could not be applied and is tried again');
  }

  private tell(fate: Fate, event: Readonly<Record<string, unknown>>, error: unknown): void {
    this.fates[fate] += 1;
    if (fate === 'parked') this.options.log?.error({ ...event, error: textOf(error) }, 'an event is parked, and its key with it, until somebody resumes or skips it');
  }
}

function idOf({ topic, partition }: BusBatch): string {
  return `${topic}/${partition}`;
}

function readable(text: string): EventLine | BadLine {
  try {
    return parseLine(text);
  } catch (error) {
    if (error instanceof BadLine) return error;
    throw error;
  }
}
