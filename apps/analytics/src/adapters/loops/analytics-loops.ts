import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Health } from '@libs/chassis/health';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Metrics } from '@libs/chassis/metrics';
import { Asks, Histories, UnwrittenTrades } from '../../application/ports';
import { CarryPortfolio } from '../../application/carry-portfolio';
import { Rebuild } from '../../application/rebuild';
import { WatchPrices } from '../../application/watch-prices';
import { WriteHistory } from '../../application/write-history';

const WATCH_MS = 500;
const WRITE_MS = 500;
const REBUILD_MS = 2_000;
const PRUNE_MS = 3_600_000;

/** What runs by itself, gathered for the loops. */
@Injectable()
export class BackgroundWork {
  constructor(
    readonly watching: WatchPrices,
    readonly writing: WriteHistory,
    readonly rebuild: Rebuild,
    readonly carrying: CarryPortfolio,
  ) {}
}

/** What has yet to be done, and where charts are written. */
@Injectable()
export class PendingWork {
  constructor(asks: Asks, unwritten: UnwrittenTrades, activity: Activity, health: Health, histories: Histories) {
    activity.report('asks to look at', () => asks.stirred());
    if (histories.remote) activity.report('history to write', () => unwritten.count());
    health.report('price history', () => ({ form: histories.remote ? 'influx' : 'postgres' }));
  }
}

/** Everything that analytics does by itself. */
@Injectable()
export class AnalyticsLoops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: Loop[] = [];

  constructor(
    private readonly work: BackgroundWork,
    private readonly log: Log,
    _pending: PendingWork,
    metrics: Metrics,
  ) {
    metrics.total('timeseries_write_failures_total', 'Batches that the price history did not take; each is written again.', [], () => work.writing.failures);
  }

  async onApplicationBootstrap(): Promise<void> {
    const { watching, writing, rebuild, carrying } = this.work;
    await writing.begin();
    this.every('lowest asks', WATCH_MS, () => watching.pass());
    this.every('price history', WRITE_MS, () => writing.pass());
    this.every('rebuild', REBUILD_MS, () => rebuild.pass());
    this.every('prune', PRUNE_MS, () => watching.prune());
    this.every('prune imports', PRUNE_MS, () => carrying.prune());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  private every(name: string, everyMs: number, work: () => Promise<unknown>): void {
    const loop = new Loop({ name: `analytics ${name}`, everyMs, log: this.log }, work);
    loop.start();
    this.loops.push(loop);
  }
}
