import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Health } from '@libs/chassis/health';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Metrics } from '@libs/chassis/metrics';
import { AppError } from '@libs/kernel/app-error';
import { Documents, Facts, SearchForms, type SearchIndex } from '../../application/ports';
import { KeepIndex } from '../../application/keep-index';

const PROJECT_EVERY_MS = 200;
const REBUILD_EVERY_MS = 500;
const LOOK_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;

/** What tells how it goes. */
@Injectable()
export class Reports {
  constructor(
    readonly activity: Activity,
    readonly health: Health,
    readonly metrics: Metrics,
    readonly log: Log,
  ) {}
}

/** The background work of this service: each form gets what has changed, rebuilds that were asked for run, what is old is forgotten. */
@Injectable()
export class SearchLoops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: Loop[] = [];
  private readonly holder = `search-${process.pid}-${randomUUID()}`;
  /** Forms that were out of reach at the last try. */
  private readonly away = new Set<SearchIndex>();

  constructor(
    private readonly forms: SearchForms,
    private readonly keeping: KeepIndex,
    private readonly documents: Documents,
    private readonly facts: Facts,
    private readonly reports: Reports,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { activity, log } = this.reports;
    await this.keeping.begin();
    for (const index of this.forms.all) {
      this.loops.push(new Loop({ name: `index ${index.form}`, everyMs: PROJECT_EVERY_MS, log }, () => this.project(index)));
      activity.report(`index ${index.form}`, async () => (this.away.has(index) ? 0 : (await this.documents.pending(index.form)).count));
      await this.watch(index);
    }
    activity.report('rebuilds', () => this.keeping.rebuildsPending());
    this.loops.push(new Loop({ name: 'index rebuild', everyMs: REBUILD_EVERY_MS, log }, () => this.rebuild()));
    this.loops.push(new Loop({ name: 'closed asks', everyMs: PRUNE_EVERY_MS, log }, () => this.facts.prune()));
    this.loops.forEach((loop) => loop.start());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  private async project(index: SearchIndex): Promise<boolean> {
    const { log } = this.reports;
    try {
      const { more, failures } = await this.keeping.give(index);
      if (this.away.delete(index)) log.info({ form: index.form }, 'the search engine answers again');
      if (failures[0]) log.warn({ form: index.form, documents: failures.length, reason: failures[0].reason }, 'the index did not take some documents; they are given again');
      return more;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (!this.away.has(index)) log.warn({ form: index.form, cause: error.details.cause }, 'the search engine cannot be reached; what it misses is kept for it');
      this.away.add(index);
      this.keeping.doubt(index);
      return false;
    }
  }

  /** Owners that are still starting are no failure. */
  private async rebuild(): Promise<boolean> {
    try {
      return await this.keeping.rebuild(this.holder);
    } catch (error) {
      if (!isAway(error)) throw error;
      this.reports.log.debug({ code: error.code }, 'a rebuild waits for somebody who does not answer');
      return false;
    }
  }

  private async watch(index: SearchIndex): Promise<void> {
    const { metrics, health, log } = this.reports;
    let pending = await this.documents.pending(index.form);
    const labels = { form: index.form };
    const lag = metrics.gauge('search_index_lag_seconds', 'Age of the oldest change that the index has not been given.', ['form']);
    const count = metrics.gauge('search_index_pending', 'Changes that the index has not been given.', ['form']);
    metrics.gauge('search_degraded', 'Whether questions are answered from the database because the index does not answer.', [], () => this.away.size);
    health.report(`index ${index.form}`, () => ({ reachable: !this.away.has(index), pending: pending.count }));
    this.loops.push(new Loop({ name: `index lag ${index.form}`, everyMs: LOOK_EVERY_MS, log }, async () => {
      pending = await this.documents.pending(index.form);
      lag.set(labels, pending.oldestSeconds);
      count.set(labels, pending.count);
    }));
  }
}

function isAway(error: unknown): error is AppError {
  return error instanceof AppError && error.kind === 'unavailable';
}
