import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { isBarred, pinsFor, type TraderFacts } from '../domain/trader-facts';
import type { Side } from '../domain/side';
import { FactOwners, FactStore } from './ports';

const KNOWN_MAX = 200_000;
const NO_REMEMBERED_MS = 2_000;
const NOES_MAX = 10_000;

/**
 * What is known of users, in memory. One object for each: a change of facts reaches commands that are queued already.
 * An entry may lack what was added a moment ago, which is asked for; it never keeps what was taken away, since every removal comes through the writer.
 */
@Injectable()
export class Traders {
  private readonly known = new Map<string, TraderFacts>();
  private readonly loading = new Map<string, Promise<TraderFacts>>();
  /** Users whose facts changed while they were being read. */
  private readonly changedMeanwhile = new Set<string>();
  private readonly asking = new Map<string, Promise<void>>();
  /** Until when an owner's "no" holds, by side and user. */
  private readonly refusedUntil = new Map<string, number>();

  constructor(
    private readonly store: FactStore,
    private readonly owners: FactOwners,
    private readonly wallClock: WallClock,
  ) {}

  cached(userId: string): TraderFacts | undefined {
    return this.known.get(userId);
  }

  async load(userId: string): Promise<TraderFacts> {
    const known = this.known.get(userId);
    if (known) return known;
    const running = this.loading.get(userId) ?? this.read(userId);
    this.loading.set(userId, running);
    return running;
  }

  /** Facts that are enough for this quote, if anybody can give them: the database is read again, then the owners are asked, once. */
  async complete(userId: string, side: Side, paymentMethodId: string, addressVersionId: string): Promise<TraderFacts> {
    const facts = await this.load(userId);
    const isEnough = () => isBarred(facts, side) || 'addressVersionId' in pinsFor(facts, side, paymentMethodId, addressVersionId);
    if (isEnough()) return facts;
    this.replace(await this.store.trader(userId));
    if (isEnough() || this.wasRefused(side, userId)) return facts;
    await this.ask(userId);
    if (!isEnough()) this.remember(side, userId);
    return facts;
  }

  /** What the database says now, in the object that everybody holds. */
  replace(fresh: TraderFacts): void {
    if (this.loading.has(fresh.userId)) this.changedMeanwhile.add(fresh.userId);
    const held = this.known.get(fresh.userId);
    if (held) Object.assign(held, fresh);
  }

  private async read(userId: string): Promise<TraderFacts> {
    try {
      let fresh = await this.store.trader(userId);
      while (this.changedMeanwhile.delete(userId)) fresh = await this.store.trader(userId);
      if (this.known.size >= KNOWN_MAX) this.forgetOldest();
      this.known.set(userId, fresh);
      return fresh;
    } finally {
      this.loading.delete(userId);
      this.changedMeanwhile.delete(userId);
    }
  }

  private ask(userId: string): Promise<void> {
    const running = this.asking.get(userId) ?? this.askOnce(userId).finally(() => this.asking.delete(userId));
    this.asking.set(userId, running);
    return running;
  }

  private async askOnce(userId: string): Promise<void> {
    const told = await this.owners.trader(userId);
    if (told) await this.store.adopt(told);
    this.replace(await this.store.trader(userId));
  }

  private wasRefused(side: Side, userId: string): boolean {
    return (this.refusedUntil.get(`${side} ${userId}`) ?? 0) > this.wallClock.now().getTime();
  }

  /** Only a "no" is remembered, so that a client that insists does not make us a burden to the owners. */
  private remember(side: Side, userId: string): void {
    if (this.refusedUntil.size >= NOES_MAX) this.refusedUntil.clear();
    this.refusedUntil.set(`${side} ${userId}`, this.wallClock.now().getTime() + NO_REMEMBERED_MS);
  }

  private forgetOldest(): void {
    const oldest = this.known.keys().next();
    if (!oldest.done) this.known.delete(oldest.value);
  }
}

