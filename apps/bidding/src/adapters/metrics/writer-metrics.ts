import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Health } from '@libs/chassis/health';
import { Metrics } from '@libs/chassis/metrics';
import type { Counter } from 'prom-client';
import { ExpireQuotes } from '../../application/expire-quotes';
import { Intake } from '../../application/intake';
import { FactStore, CommittedEvents } from '../../application/ports';
import { ProjectBooks } from '../../application/project-books';
import { ReconcileBooks } from '../../application/reconcile-books';
import { SHARDS } from '../../domain/shard';
import { type CommittedBatch, Writer, type WriterListener } from '../../application/writer';

/** Admins name categories as they like: so many are told apart, and what is beyond is counted together. */
const CATEGORIES_MAX = 50;

/** What the writer does, in numbers. */
@Injectable()
export class WriterMetrics implements WriterListener {
  private readonly counts;

  constructor(
    private readonly writer: Writer,
    intake: Intake,
    metrics: Metrics,
    reconcile: ReconcileBooks,
  ) {
    this.counts = {
      bid: metrics.counter('bids_total', 'Bids that were taken, by what became of them at once.', ['result']),
      ask: metrics.counter('asks_total', 'Asks that were taken, by what became of them at once.', ['result']),
      cancelled: { bid: metrics.counter('bids_cancelled_total', 'Bids that were cancelled, by why.', ['reason']), ask: metrics.counter('asks_cancelled_total', 'Asks that were cancelled, by why.', ['reason']) },
      expired: { bid: metrics.counter('bids_expired_total', 'Bids that expired.'), ask: metrics.counter('asks_expired_total', 'Asks that expired.') },
      matches: new ByCategory(metrics.counter('matches_total', 'Bids and asks that met, by the category of their product.', ['category'])),
      latency: metrics.histogram('match_latency_seconds', 'From the taking of a batch of commands to the end of its commit.'),
    };
    metrics.gauge('engine_queue_depth', 'Commands that are queued or being written.', [], () => writer.depth);
    metrics.gauge('commands_without_answer', 'Commands that have arrived and are not answered.', [], () => intake.waiting);
    metrics.gauge('owned_shards', 'Shards that this process writes.', [], () => writer.owned.size);
    metrics.gauge('book_orders', 'Quotes in the books of our shards.', ['side'], () => new Map(sides.map((side) => [side, sum(booksOf(writer), (book) => book.count(side))])));
    metrics.gauge('book_crossed_markets', 'Markets whose highest bid reaches their lowest ask: none, ever.', [], () => sum(booksOf(writer), (book) => Number((book.best('bid')?.price ?? 0) >= (book.best('ask')?.price ?? Infinity))));
    metrics.gauge('market_state', 'Markets of our shards by state.', ['state'], () => countBy([...writer.floor.markets.values()].map(({ publicState }) => publicState)));
    metrics.total('book_store_divergence_total', 'Live books that differed from the database.', [], () => reconcile.mismatches);
    writer.listen(this);
  }

  committed({ batch, tookMs }: CommittedBatch): void {
    const { counts } = this;
    for (const { side, status } of batch.inserted.keys()) counts[side].inc({ result: status });
    for (const event of batch.events) {
      if (event.type === 'cancelled') counts.cancelled[event.quote.side].inc({ reason: event.quote.reason ?? 'none' });
      else if (event.type === 'expired') counts.expired[event.quote.side].inc();
    }
    for (const { marketId } of batch.matches.values()) counts.matches.of(this.writer.floor.markets.get(marketId)?.terms.category ?? '').inc();
    counts.latency.observe(tookMs / 1_000);
  }
}

const sides = ['bid', 'ask'] as const;
const booksOf = (writer: Writer) => [...writer.floor.markets.values()].map(({ book }) => book);
const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((total, item) => total + of(item), 0);

function countBy(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Each series is looked up by its label once: to count a match allocates nothing. */
class ByCategory {
  private readonly known = new Map<string, Counter.Internal>();

  constructor(private readonly counter: Counter<'category'>) {}

  of(category: string): Counter.Internal {
    const found = this.known.get(category);
    if (found) return found;
    if (this.known.size >= CATEGORIES_MAX) return this.counter.labels('other');
    const series = this.counter.labels(category === '' ? 'unknown' : category);
    this.known.set(category, series);
    return series;
  }
}

@Injectable()
export class PendingWork {
  constructor(
    readonly intake: Intake,
    readonly expire: ExpireQuotes,
    readonly projection: ProjectBooks,
    readonly facts: FactStore,
    readonly events: CommittedEvents,
  ) {}
}

/** Work that is not done yet, and whether we may be given any. */
@Injectable()
export class WriterActivity implements OnModuleInit {
  constructor(
    private readonly activity: Activity,
    private readonly health: Health,
    private readonly writer: Writer,
    private readonly work: PendingWork,
  ) {}

  onModuleInit(): void {
    const { writer, work } = this;
    this.activity.report('commands', () => writer.depth + work.intake.waiting);
    this.activity.report('expiry', () => work.expire.overdue);
    this.activity.report('books', () => work.projection.pending);
    this.activity.report('fact effects', () => work.facts.pendingEffects());
    this.activity.report('committed events', () => work.events.pending());
    this.health.report('shards', () => ({ owned: writer.owned.size, of: SHARDS }));
    this.health.require('writer', () => {
      // A standby owns nothing and is ready all the same: it would refuse what it does not own.
      if (!writer.isConnected) throw new Error('no session with the database');
    });
  }
}
