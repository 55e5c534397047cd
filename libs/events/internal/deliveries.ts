import type { EventName, Topic } from '@libs/contracts/events';
import { failpoint } from '@libs/kernel/failpoint';
import type { Statements, Sql } from '@libs/postgres/sql';
import type { Transaction, Transactions } from '@libs/postgres/transaction';
import type { EventHandlers } from '../event-handlers';
import { eventOf, isEventName, type EventLine } from '../event-line';
import { Replays } from '../replays';
import { holdCursor, moveCursor, park, passOver, readCursor, runId, takeRuns, type Place, type Run } from './cursors';

/** What became of an event: `late` ones had taken effect before, `queued` ones wait behind others of their key. */
export type Fate = 'applied' | 'late' | 'queued' | 'parked';

export interface DeliveryOptions {
  /** The consumer's name in cursors and positions: that of its service. */
  readonly name: string;
  readonly handlers: EventHandlers;
  readonly sql: Sql;
  readonly transactions: Transactions;
  /** Runs what handlers do with an event within the trace that announced it. */
  readonly traced?: <T>(line: EventLine, work: () => Promise<T>) => Promise<T>;
}

/** An event's effect, still to be run in a transaction. */
export type Effect = (tx: Transaction) => Promise<void>;

/** The type is not in our catalogue: a newer producer's. Trying again is of no use before this service is newer as well. */
export class UnknownEvent extends Error {
  override name = 'UnknownEvent';
}

/** `at` is the place among those that were tried together; -1 when it was none of them. */
export interface Failure {
  readonly at: number;
  readonly error: unknown;
}

const NOBODY = -1;

/** Undoes a transaction of several events, one of which is not what comes next for its key. */
class OutOfTurn extends Error {}

/** One event at a time, or several: their cursors and their effects in one transaction. */
export class Deliveries {
  private readonly replays: Replays;
  /** Looked up before the first event: a replay begins while nobody is at work. */
  private isRetelling = false;

  constructor(
    private readonly options: DeliveryOptions,
    /** Called when events of a key are found to wait. */
    private readonly onParkedSeen: () => void,
  ) {
    this.replays = new Replays(options.sql);
  }

  /** Whether there are events that come a second time. */
  async lookForReplay(): Promise<void> {
    this.isRetelling = await this.replays.isUnderWay(this.options.name);
  }

  async endReplay(): Promise<void> {
    if (!this.isRetelling) return;
    await this.replays.forgetPassed(this.options.name);
    await this.lookForReplay();
  }

  handles(type: string): boolean {
    return !isEventName(type) || this.options.handlers.has(type);
  }

  /** What the handlers do with this event; throws when it cannot be read. */
  effectOf(line: EventLine): Effect {
    if (!isEventName(line.type)) throw new UnknownEvent(`no event is called ${line.type}`);
    const handlers = this.options.handlers.get(line.type) ?? [];
    const event = eventOf<EventName>(line.type, line.payload);
    const { topic, key, kseq, headers } = line;
    const run = async (tx: Transaction) => {
      const isRetold = this.isRetelling && (await this.replays.includes(this.options.sql.in(tx), this.placeOf(line)));
      const delivery = { eventId: headers.id, topic, key, kseq, occurredAt: new Date(headers.at), isRetold };
      for (const handler of handlers) await handler(tx, event, delivery);
      failpoint('consumer.afterEffect');
    };
    const { traced } = this.options;
    return traced ? (tx) => traced(line, () => run(tx)) : run;
  }

  async deliver(line: EventLine, text: string): Promise<Fate> {
    const effect = this.handles(line.type) ? this.effectOf(line) : async () => undefined;
    const { sql, transactions } = this.options;
    return transactions.run(async (tx) => {
      const statements = sql.in(tx);
      const isNext = await this.move(statements, line);
      if (!isNext) {
        const fate = await this.lateOrQueued(statements, line, text);
        if (fate) return fate;
      }
      await effect(tx);
      return 'applied';
    });
  }

  /** All of them in one transaction, or none: then it answers which one has failed, if one has. */
  async deliverAll(lines: readonly EventLine[]): Promise<Failure | undefined> {
    const runs = runsOf(lines);
    const { sql, transactions, name } = this.options;
    let at = NOBODY;
    try {
      await transactions.run(async (tx) => {
        at = NOBODY;
        const moved = await takeRuns(sql.in(tx), name, runs);
        if (moved.size < runs.length) throw new OutOfTurn();
        if ([...moved.values()].some(({ hasParked }) => hasParked)) this.onParkedSeen();
        for (const [n, line] of lines.entries()) {
          at = n;
          if (this.handles(line.type)) await this.effectOf(line)(tx);
        }
        at = NOBODY;
      });
      return undefined;
    } catch (error) {
      return { at, error };
    }
  }

  /** Puts a key aside, from this event on. */
  async park(line: EventLine, text: string, failure: { error: string; attempts: number }): Promise<Fate> {
    const { sql, transactions } = this.options;
    return transactions.run(async (tx) => {
      const place = this.placeOf(line);
      if ((await holdCursor(sql.in(tx), place)) >= line.kseq) return 'late';
      await park(sql.in(tx), place, { event: text, status: 'poison', ...failure });
      return 'parked';
    });
  }

  /** Not even its key can be told: it is put aside under its place in the log. */
  async parkUnreadable({ topic, partition }: { topic: Topic; partition: number }, offset: number, text: string): Promise<void> {
    const place = { consumer: this.options.name, topic, key: `unreadable/${partition}`, kseq: offset + 1 };
    await park(this.options.sql, place, { event: text, status: 'poison', error: 'unreadable', attempts: 1 });
  }

  /** Moves the cursors over events that nobody here handles; what comes too early queues. */
  async passOver(runs: readonly Run[]): Promise<void> {
    const { sql, transactions, name } = this.options;
    if (runs.length === 0) return;
    const moved = await transactions.run((tx) => passOver(sql.in(tx), name, runs));
    for (const run of runs) {
      const key = moved.get(runId(run));
      if (key?.hasParked) this.onParkedSeen();
      if (!key) await this.passOneByOne(run);
    }
  }

  private async passOneByOne(run: Run): Promise<void> {
    const { sql, transactions } = this.options;
    for (const [at, text] of run.lines.entries()) {
      const line = { ...run, kseq: run.first + at };
      await transactions.run(async (tx) => {
        if (!(await this.move(sql.in(tx), line))) await this.lateOrQueued(sql.in(tx), line, text);
      });
    }
  }

  private async move(statements: Statements, line: Omit<Place, 'consumer'>): Promise<boolean> {
    const moved = await moveCursor(statements, this.placeOf(line));
    if (moved?.hasParked) this.onParkedSeen();
    return moved !== undefined;
  }

  /** Undefined when the cursor has arrived just before the event meanwhile, and was moved onto it. */
  private async lateOrQueued(statements: Statements, line: Omit<Place, 'consumer'>, text: string): Promise<Fate | undefined> {
    const place = this.placeOf(line);
    if ((await readCursor(statements, place)) >= line.kseq) return 'late';
    const last = await holdCursor(statements, place);
    if (last >= line.kseq) return 'late';
    if (last === line.kseq - 1 && (await this.move(statements, line))) return undefined;
    await park(statements, place, { event: text, status: 'waiting', attempts: 0 });
    return 'queued';
  }

  private placeOf({ topic, key, kseq }: Omit<Place, 'consumer'>): Place {
    return { consumer: this.options.name, topic, key, kseq };
  }
}

/** The events of each key, which follow one another. */
function runsOf(lines: readonly EventLine[]): Run[] {
  const runs = new Map<string, Run>();
  for (const line of lines) {
    const run = runs.get(runId(line));
    if (run) run.lines.push(line.type);
    else runs.set(runId(line), { topic: line.topic, key: line.key, first: line.kseq, lines: [line.type] });
  }
  return [...runs.values()];
}
