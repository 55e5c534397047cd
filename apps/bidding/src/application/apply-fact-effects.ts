import { Injectable } from '@nestjs/common';
import { refused, type Outcome } from '../domain/batch';
import { notOwned } from '../domain/errors';
import { Market } from '../domain/market';
import type { Turn } from '../domain/settle';
import { scopeOf, type TraderFacts } from '../domain/trader-facts';
import { repinAll, withdrawMarket, withdrawSuspended } from '../domain/withdrawals';
import { MarketDirectory } from './market-directory';
import { type FactEffect, FactStore, type StoredMarket } from './ports';
import { ProjectBooks } from './project-books';
import type { Reply } from './ticket';
import { Traders } from './traders';
import { Writer } from './writer';

/**
 * What facts do to open quotes. A fact's event writes the fact and its effects in one transaction; the writer deletes an effect in
 * the very commit that carries it out. So each takes place once, whoever dies in between.
 */
@Injectable()
export class ApplyFactEffects {
  private running: Promise<boolean> | undefined;

  constructor(
    private readonly writer: Writer,
    private readonly store: FactStore,
    private readonly traders: Traders,
    private readonly directory: MarketDirectory,
    private readonly projection: ProjectBooks,
  ) {}

  /** Whether the market is on our floor, as far as effects have brought it there. */
  hasMarket(marketId: string): boolean {
    return this.writer.floor.markets.has(marketId);
  }

  /** Answers whether there may be more. One at a time: of two passes, both would take the same effects. */
  async pass(): Promise<boolean> {
    while (this.running) await this.running;
    this.running = this.applyDue();
    try {
      return await this.running;
    } finally {
      this.running = undefined;
    }
  }

  private async applyDue(): Promise<boolean> {
    const due = await this.store.effects([...this.writer.owned.keys()]);
    if (due.length === 0) return false;
    const traders = await this.readTraders(due);
    const markets = await this.readMarkets(due);
    const replies = await Promise.all(due.map((effect) => this.apply(effect, traders.get(effect.subject), markets.get(effect.subject))));
    for (const id of markets.keys()) this.projection.doubt([id]);
    const failed = replies.find((reply) => 'failed' in reply);
    if (failed && 'failed' in failed) throw failed.failed;
    return replies.every((reply) => 'done' in reply);
  }

  private async readTraders(due: readonly FactEffect[]): Promise<Map<string, TraderFacts>> {
    const users = new Set(due.filter(({ kind }) => kind !== 'market_changed').map(({ subject }) => subject));
    const read = await Promise.all([...users].map((user) => this.store.trader(user)));
    return new Map(read.map((facts) => [facts.userId, facts]));
  }

  private async readMarkets(due: readonly FactEffect[]): Promise<Map<string, StoredMarket>> {
    const ids = new Set(due.filter(({ kind }) => kind === 'market_changed').map(({ subject }) => subject));
    const read = await Promise.all([...ids].map((id) => this.directory.refresh(id)));
    return new Map(read.flatMap((market) => (market ? [[market.terms.id, market] as const] : [])));
  }

  private apply(effect: FactEffect, facts: TraderFacts | undefined, market: StoredMarket | undefined): Promise<Reply> {
    return new Promise((settle) =>
      this.writer.submit({
        run: (turn) => this.run(turn, effect, { facts, market }),
        settle, key: undefined, bodyHash: undefined, deadline: Infinity, traceparent: undefined,
      }),
    );
  }

  private run(turn: Turn, effect: FactEffect, read: { readonly facts: TraderFacts | undefined; readonly market: StoredMarket | undefined }): Outcome {
    if (!this.writer.owned.has(effect.shard)) return refused(notOwned());
    if (read.facts) {
      // From here on no queued command of theirs sees what was true before.
      this.traders.replace(read.facts);
      if (effect.kind === 'suspended') withdrawSuspended(turn, effect.subject, scopeOf(effect.detail ?? ''), effect.shard);
      else repinAll(turn, read.facts, effect.shard, effect.detail ?? undefined);
    }
    if (read.market && !this.changeMarket(turn, read.market)) return refused(notOwned());
    turn.batch.effects.push(effect.id);
    turn.batch.shards.add(effect.shard);
    return { done: { bookSeq: 0 } };
  }

  /** A market that is new here has had no step yet: nobody but its owner could have made one. */
  private changeMarket(turn: Turn, { terms, position }: StoredMarket): boolean {
    const market = turn.floor.markets.get(terms.id);
    if (market) market.terms = terms;
    else if (position.seq === 0) turn.floor.install([{ market: new Market(terms, position), quotes: [] }]);
    else return false;
    if (market && terms.retired) withdrawMarket(turn, market);
    return true;
  }
}
