import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Database } from '@libs/postgres/database';
import type { Metrics } from '../metrics';
import { version } from '../version';

const RESOLUTION_MS = 10;
const NS_PER_S = 1e9;

/** One measurement for the process, however many services it holds. */
let delays: ReturnType<typeof monitorEventLoopDelay> | undefined;

export interface Build {
  readonly commit: string;
  readonly mode: 'one_process' | 'split';
}

export function reportProcess(metrics: Metrics, { commit, mode }: Build): void {
  delays ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const measured = delays;
  measured.enable();
  metrics.gauge('nodejs_eventloop_lag_seconds', 'How late the event loop is since the start: 50th and 99th percentile, and the most.', ['quantile'], () => new Map([
    ['0.5', measured.percentile(50) / NS_PER_S], ['0.99', measured.percentile(99) / NS_PER_S], ['1', measured.max / NS_PER_S],
  ]));
  metrics.gauge('nodejs_active_resources', 'Sockets, timers and requests that keep the process busy.', [], () => process.getActiveResourcesInfo().length);
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of the process.', [], () => process.memoryUsage.rss());
  metrics.total('process_cpu_seconds_total', 'CPU time of the process.', [], () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge('build_info', 'What runs: always 1.', ['version', 'commit', 'mode']).set({ version, commit, mode }, 1);
}

export function reportPool(metrics: Metrics, database: Database): void {
  metrics.gauge('db_pool_connections', 'Connections to the database: used, idle, and how many wait for one.', ['state'], () => new Map(Object.entries(database.pool())));
}
