import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Health } from '@libs/chassis/health';
import { Metrics } from '@libs/chassis/metrics';
import { ExpireQuotes } from '../../application/expire-quotes';
import { Intake } from '../../application/intake';
import { FactStore, CommittedEvents } from '../../application/ports';
import { ProjectBooks } from '../../application/project-books';
import { ReconcileBooks } from '../../application/reconcile-books';
import { SHARDS } from '../../domain/shard';
import { type CommittedBatch, Writer, type WriterListener } from '../../application/writer';

/** What the writer does, in numbers. */
@Injectable()
export class WriterMetrics implements WriterListener {
  private readonly counts;

  constructor(writer: Writer, intake: Intake, metrics: Metrics, reconcile: ReconcileBooks) {
    this.counts = {
      bids: metrics.counter('bids_total', 'Bids that were accepted.'),
      asks: metrics.counter('asks_total', 'Asks that were accepted.'),
      matches: metrics.counter('matches_total', 'Bids and asks that met.'),
      latency: metrics.histogram('match_latency_seconds', 'From the taking of a batch of commands to the end of its commit.'),
    };
    metrics.gauge('engine_queue_depth', 'Commands that are queued or being written.', [], () => writer.depth);
    metrics.gauge('commands_without_answer', 'Commands that have arrived and are not answered.', [], () => intake.waiting);
    metrics.gauge('open_quotes', 'Quotes that are open in our shards.', [], () => writer.floor.openQuotes);
    metrics.gauge('owned_shards', 'Shards that this process writes.', [], () => writer.owned.size);
    metrics.gauge('book_mismatches', 'Live books that differed from the database, since the start.', [], () => reconcile.mismatches);
    writer.listen(this);
  }

  committed({ batch, tookMs }: CommittedBatch): void {
    let bids = 0;
    for (const quote of batch.inserted.keys()) if (quote.side === 'bid') bids++;
    this.counts.bids.inc(bids);
    this.counts.asks.inc(batch.inserted.size - bids);
    this.counts.matches.inc(batch.matches.size);
    this.counts.latency.observe(tookMs / 1_000);
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
