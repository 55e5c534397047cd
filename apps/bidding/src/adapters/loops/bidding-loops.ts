import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Metrics } from '@libs/chassis/metrics';
import { Clock } from '@libs/kernel/clock';
import { ApplyFactEffects } from '../../application/apply-fact-effects';
import { ExpireQuotes } from '../../application/expire-quotes';
import { KeptAnswers } from '../../application/ports';
import { ProjectBooks } from '../../application/project-books';
import { ReconcileBooks } from '../../application/reconcile-books';
import { RunWriter } from '../../application/run-writer';

const TEND_MS = 100;
const EXPIRY_MS = 100;
const EFFECTS_MS = 100;
const PROJECTION_MS = 1_000;
const RECONCILE_MS = 10_000;
const PRUNE_MS = 3_600_000;

/** What runs by itself, gathered for the loops. */
@Injectable()
export class BackgroundWork {
  constructor(
    readonly expire: ExpireQuotes,
    readonly effects: ApplyFactEffects,
    readonly projection: ProjectBooks,
    readonly reconcile: ReconcileBooks,
    readonly kept: KeptAnswers,
  ) {}
}

/** Everything that bidding does by itself. */
@Injectable()
export class BiddingLoops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: Loop[] = [];
  private readonly rebuilding;

  constructor(
    private readonly run: RunWriter,
    private readonly work: BackgroundWork,
    private readonly clock: Clock,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.rebuilding = metrics.histogram('book_rebuild_seconds', 'Time to look at live books that may be wrong, and to write those anew that are.');
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.run.start();
    const { expire, effects, projection, reconcile, kept } = this.work;
    this.every('tend the writer', TEND_MS, () => this.run.tend());
    this.every('expiry', EXPIRY_MS, () => expire.pass());
    this.every('fact effects', EFFECTS_MS, () => effects.pass());
    const projecting = this.every('projection', PROJECTION_MS, () => this.project(projection));
    projection.onDoubt(() => projecting.nudge());
    this.every('reconciliation', RECONCILE_MS, () => reconcile.pass());
    this.every('prune answers', PRUNE_MS, () => kept.prune());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.run.stop();
  }

  private async project(projection: ProjectBooks): Promise<boolean> {
    const ended = this.rebuilding.startTimer();
    const isDoubtful = projection.pending > 0;
    const isMore = await projection.pass();
    if (isDoubtful) ended();
    return isMore;
  }

  private every(name: string, everyMs: number, work: () => Promise<unknown>): Loop {
    const loop = new Loop({ name: `bidding ${name}`, everyMs, log: this.log, clock: this.clock }, work);
    loop.start();
    this.loops.push(loop);
    return loop;
  }
}
