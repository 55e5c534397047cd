import type { WallClock } from '@libs/kernel/clock';
import { dueBy, perform } from '../domain/dues';
import { PLATFORM } from '../domain/resources';
import { Unit, type Circumstances } from '../domain/unit';
import type { Change, World } from '../domain/world';
import type { Journal } from './ports';

export interface BoxParts {
  readonly world: World;
  readonly journal: Journal;
  readonly wall: WallClock;
  readonly newId: (prefix: string) => string;
}
type How = Partial<Omit<Circumstances, 'newId'>>;
const plainly = { copies: 1, heldMs: null };

/** Runs units of work against the world, one after another, and keeps each in the journal. */
export class Box {
  readonly world: World;
  private readonly onDurable: ((changes: readonly Change[]) => void)[] = [];
  private readonly onClock: ((offsetMs: number) => void)[] = [];

  constructor(private readonly parts: BoxParts) {
    this.world = parts.world;
  }

  get wallMs(): number {
    return this.parts.wall.now().getTime();
  }

  get offsetMs(): number {
    return this.world.get('clock', 'clock')?.offsetMs ?? 0;
  }

  /** The exchange's business time. */
  get nowMs(): number {
    return this.wallMs + this.offsetMs;
  }

  /** Whole or not at all: what `work` throws undoes what it did. Nobody may be told of it before `durable()`. */
  run<T>(how: How, work: (unit: Unit) => T): T {
    const { wallMs, nowMs } = this;
    const unit = new Unit(this.world, {
      nowMs, wallMs, account: PLATFORM, newId: this.parts.newId, requestId: null, idempotencyKey: null, webhooks: plainly, ...how,
    });
    try {
      const outcome = work(unit);
      this.keep(unit.changes);
      return outcome;
    } catch (error) {
      unit.undo();
      throw error;
    }
  }

  durable(): Promise<void> {
    return this.parts.journal.flushed();
  }

  /** A note that a restart may forget: it is seen, but not in the journal. */
  note(change: Change): void {
    this.world.apply(change);
  }

  whenDurable(listener: (changes: readonly Change[]) => void): void {
    this.onDurable.push(listener);
  }

  whenClockMoves(listener: (offsetMs: number) => void): () => void {
    this.onClock.push(listener);
    return () => this.onClock.splice(this.onClock.indexOf(listener), 1);
  }

  /** Moves business time ahead. What falls due on the way happens at its own instant, in its order, before this answers. */
  async advance(ms: number, webhooks: Circumstances['webhooks'] = plainly): Promise<void> {
    this.run({}, (unit) => unit.put('clock', { id: 'clock', offsetMs: this.offsetMs + ms }));
    this.performDue(webhooks);
    await this.durable();
    for (const listener of this.onClock) listener(this.offsetMs);
  }

  performDue(webhooks: Circumstances['webhooks'] = plainly): void {
    for (let due = dueBy(this.world, this.nowMs); due.length > 0; due = dueBy(this.world, this.nowMs)) {
      for (const one of due) this.run({ nowMs: one.atMs, webhooks }, (unit) => perform(unit, one));
    }
  }

  private keep(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.parts.journal.append(changes);
    if (this.onDurable.length === 0) return;
    // A journal that cannot write stops the process by itself, so a lost flush needs no second report here.
    this.durable().then(
      () => this.onDurable.forEach((listener) => listener(changes)),
      () => undefined,
    );
  }
}
