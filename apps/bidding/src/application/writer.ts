import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { InvariantViolation } from '@libs/kernel/invariant';
import { Batch, type Outcome } from '../domain/batch';
import { busy, deadlinePassed, keyReused, retry } from '../domain/errors';
import { Floor } from '../domain/floor';
import { SHARDS } from '../domain/shard';
import type { CommitOutcome, ShardSession, Traceparents } from './ports';
import { type Reply, replyTo, settleAll, type Ticket } from './ticket';
import { sameBytes } from './same-bytes';
import { WriterParts } from './writer-parts';

const BATCH_MAX = 500;
export const QUEUE_MAX = 20_000;

export interface CommittedBatch {
  readonly batch: Batch;
  readonly epochs: ReadonlyMap<number, number>;
  readonly pos: number | null;
  readonly lines: string;
  /** From the taking of its first command to the end of the commit. */
  readonly tookMs: number;
  /** When the commit ended: real time, Unix milliseconds. */
  readonly committedAtMs: number;
}

/** Told of what the writer has done, in order. Nobody is waited for. */
export interface WriterListener {
  /** A new session: rows of a lost one may have landed unheard. */
  reconnected?(): void;
  /** Shards were taken from these owners. */
  tookOver?(formerOwners: readonly string[]): void;
  /** The floor holds these markets as the database has them. */
  loaded?(marketIds: Iterable<string>): void;
  committed?(done: CommittedBatch): void;
}

/**
 * One loop over all shards that this process owns: it takes what has queued while the last commit ran, works it out on the floor,
 * writes it in one transaction, and only then answers. Nothing else changes the floor.
 */
@Injectable()
export class Writer {
  readonly floor = new Floor();
  /** Names this writer for as long as it lives. */
  readonly owner: string;
  private readonly queue: Ticket[] = [];
  private readonly listeners: WriterListener[] = [];
  private session: ShardSession | undefined;
  /** Shards of a session that was lost: waited for, since its backend may still be committing. */
  private orphaned: readonly number[] = [];
  private running: Promise<void> | undefined;
  private stopping = false;
  private stamp = 0;
  private inWork = 0;

  constructor(private readonly parts: WriterParts) {
    this.owner = parts.ids.next('op');
  }

  listen(listener: WriterListener): void {
    this.listeners.push(listener);
  }

  /** Queued, or being written. */
  get depth(): number {
    return this.queue.length + this.inWork;
  }

  get owned(): ReadonlyMap<number, number> {
    return this.session?.alive ? this.session.epochs : new Map();
  }

  get isConnected(): boolean {
    return this.session?.alive === true;
  }

  submit(ticket: Ticket): void {
    if (this.stopping || this.queue.length >= QUEUE_MAX) return ticket.settle({ refused: busy() });
    this.queue.push(ticket);
    this.wake();
  }

  /** Takes what shards are free, and works off what is queued. Called again and again: it is how a standby becomes an owner. */
  async tend(): Promise<void> {
    while (this.running) await this.running;
    if (this.stopping) return;
    this.running = this.exclusively(async () => {
      await this.ensureSession();
      await this.takeFree();
    });
    await this.running;
  }

  /** These markets as the database has them, between two batches. */
  async reread(marketIds: readonly string[]): Promise<void> {
    while (this.running) await this.running;
    if (this.stopping) return;
    this.running = this.exclusively(async () => {
      if (!this.session?.alive) return;
      this.floor.install(await this.session.loadMarkets(marketIds));
      this.tell((listener) => listener.loaded?.(marketIds));
    });
    await this.running;
  }

  /** Answers everything that is queued, then gives the shards up. */
  async stop(): Promise<void> {
    this.stopping = true;
    while (this.running) await this.running;
    for (const ticket of this.queue.splice(0)) ticket.settle({ refused: retry() });
    await this.session?.close();
    this.session = undefined;
  }

  private wake(): void {
    if (this.running || this.queue.length === 0) return;
    // A turn of the event loop later, so that whatever arrives together is written together.
    this.running = new Promise((resolve) => setImmediate(() => void this.exclusively(() => this.drain()).then(resolve)));
  }

  private async exclusively(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.running = undefined;
      this.wake();
    } catch (error) {
      // What is queued waits for the next `tend`: to try again at once would only spin.
      this.running = undefined;
      this.parts.log.error({ error }, 'the writer could not go on; it will try again');
    }
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      if (!this.session?.alive) await this.ensureSession();
      const taken = this.queue.splice(0, BATCH_MAX);
      this.inWork = taken.length;
      failpoint('bidding.afterTake');
      const now = this.parts.wallClock.now().getTime();
      const timely = taken.filter((ticket) => ticket.deadline > now || void ticket.settle({ refused: deadlinePassed() }));
      await this.work(timely, timely.length > 1);
      this.inWork = 0;
    }
  }

  /** Writes these tickets as one batch. What is rolled back with others is tried again alone, so that a poison command hurts nobody else. */
  private async work(tickets: readonly Ticket[], isShared: boolean): Promise<void> {
    const session = this.session;
    if (!session?.alive) return settleAll(tickets, { refused: retry() });
    this.stamp = Math.max(this.stamp, this.parts.clock.now().getTime());
    const startedMs = performance.now();
    const batch = new Batch(this.stamp, () => this.parts.ids.next('mtc'));
    const turn = { floor: this.floor, batch };
    const outcomes: Outcome[] = [];
    const traceparents: (string | undefined)[] = [];
    try {
      for (const ticket of tickets) {
        outcomes.push(ticket.run(turn));
        while (traceparents.length < batch.events.length) traceparents.push(ticket.traceparent);
      }
    } catch (error) {
      this.parts.log.error({ error }, 'a command failed in the engine');
      return this.afterRollback(tickets, batch, isShared, error);
    }
    if (!batch.isEmpty) {
      failpoint('bidding.beforeCommit');
      const outcome = await this.commit(session, batch, traceparents);
      if (outcome.kind !== 'committed') return this.afterFailure(outcome, tickets, batch, isShared);
      failpoint('bidding.afterCommit');
      this.announce({ batch, epochs: session.epochs, pos: outcome.lastPos, lines: outcome.lines, tookMs: performance.now() - startedMs, committedAtMs: this.parts.wallClock.now().getTime() });
    }
    tickets.forEach((ticket, i) => ticket.settle(replyTo(outcomes[i] as Outcome)));
  }

  private async commit(session: ShardSession, batch: Batch, traceparents: Traceparents): Promise<CommitOutcome> {
    try {
      return await session.commit(batch, traceparents);
    } catch (error) {
      // Nothing was sent: a value that its column cannot hold.
      return { kind: 'refused', code: 'encoding', message: String(error) };
    }
  }

  private announce(done: CommittedBatch): void {
    for (const listener of this.listeners) {
      try {
        listener.committed?.(done);
      } catch (error) {
        this.parts.log.error({ error }, 'a listener of the writer failed');
      }
    }
  }

  private async afterFailure(outcome: CommitOutcome, tickets: readonly Ticket[], batch: Batch, isShared: boolean): Promise<void> {
    this.parts.log.warn({ ...outcome, commands: tickets.length }, 'a batch was not committed');
    if (outcome.kind === 'refused') return this.afterRollback(tickets, batch, isShared, new InvariantViolation(`${outcome.code} ${outcome.message}`));
    if (outcome.kind === 'fenced') {
      // Another owner has taken a shard over: whatever else we hold is given up too, and taken anew if it is free.
      await this.drop([]);
      return settleAll(tickets, { refused: retry() });
    }
    await this.drop([...(this.session?.epochs.keys() ?? [])]);
    try {
      await this.ensureSession();
    } catch (error) {
      this.parts.log.error({ error }, 'the database is out of reach; what became of a batch is not known yet');
      return settleAll(tickets, { refused: retry() });
    }
    await this.answerByKeys(tickets);
  }

  private async afterRollback(tickets: readonly Ticket[], batch: Batch, isShared: boolean, error: unknown): Promise<void> {
    await this.reload(batch);
    if (isShared) {
      for (const ticket of tickets) await this.work([ticket], false);
      return;
    }
    // A key that another process used in the meantime has an answer; anything else is a bug, and not to be hidden.
    await this.answerByKeys(tickets, error instanceof Error ? error : new InvariantViolation(String(error)));
  }

  /** Their stored answers for those that landed; the others are told to send the same request again, or what went wrong. */
  private async answerByKeys(tickets: readonly Ticket[], error?: Error): Promise<void> {
    const keyed = tickets.filter((ticket) => ticket.key);
    const otherwise: Reply = error ? { failed: error } : { refused: retry() };
    const found = await this.parts.kept.find(keyed.flatMap(({ key }) => key ?? [])).catch(() => undefined);
    settleAll(tickets.filter((ticket) => !ticket.key), otherwise);
    keyed.forEach((ticket, i) => {
      const answer = found?.[i];
      if (!found) ticket.settle({ refused: retry() });
      else if (!answer) ticket.settle(otherwise);
      else ticket.settle(sameBytes(answer.bodyHash, ticket.bodyHash) ? { done: answer.done, replayed: true } : { refused: keyReused() });
    });
  }

  /** What this batch has touched is as the database has it again. */
  private async reload(batch: Batch): Promise<void> {
    const ids = batch.touchedMarkets();
    if (ids.length === 0 || !this.session?.alive) return;
    try {
      this.floor.install(await this.session.loadMarkets(ids));
      this.tell((listener) => listener.loaded?.(ids));
    } catch (error) {
      this.parts.log.error({ error }, 'markets could not be read again');
      await this.drop([...this.session.epochs.keys()]);
    }
  }

  private async ensureSession(): Promise<void> {
    if (this.session?.alive) return;
    if (this.session) await this.drop([...this.session.epochs.keys()]);
    const session = await this.parts.sessions.open(this.owner);
    try {
      await this.adopt(session, this.orphaned, 'wait');
    } catch (error) {
      await session.close().catch(() => undefined);
      throw error;
    }
    this.orphaned = [];
    this.session = session;
    this.tell((listener) => listener.reconnected?.());
    await this.takeFree();
  }

  private async takeFree(): Promise<void> {
    const session = this.session;
    if (!session?.alive || session.epochs.size === SHARDS) return;
    const all = Array.from({ length: SHARDS }, (_, shard) => shard);
    await this.adopt(session, all, 'if_free');
  }

  private async adopt(session: ShardSession, shards: readonly number[], patience: 'wait' | 'if_free'): Promise<void> {
    const { shards: taken, formerOwners } = await session.take(shards, patience);
    if (taken.length === 0) return;
    this.tell((listener) => listener.tookOver?.(formerOwners));
    const loaded = await session.loadShards(taken);
    this.floor.install(loaded);
    this.parts.log.info({ shards: taken, markets: loaded.length, quotes: this.floor.openQuotes }, 'took shards over');
    this.tell((listener) => listener.loaded?.(loaded.map(({ market }) => market.id)));
  }

  /** Forgets the floor: from now on somebody else may write it. */
  private async drop(orphaned: readonly number[]): Promise<void> {
    const session = this.session;
    this.session = undefined;
    this.orphaned = orphaned;
    this.floor.forget(new Set(this.floor.markets.keys()));
    await session?.close().catch(() => undefined);
  }

  private tell(what: (listener: WriterListener) => void): void {
    for (const listener of this.listeners) what(listener);
  }
}
