import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '../metrics';

const RESOLUTION_MS = 10;
const NS_PER_S = 1e9;

/** One measurement for the process, however many services it holds. */
let delays: ReturnType<typeof monitorEventLoopDelay> | undefined;

export function reportProcess(metrics: Metrics): void {
  delays ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const measured = delays;
  measured.enable();
  metrics.gauge('event_loop_lag_p99_seconds', 'How late the event loop is, 99th percentile since the start.', [], () => measured.percentile(99) / NS_PER_S);
  metrics.gauge('event_loop_lag_max_seconds', 'How late the event loop has ever been.', [], () => measured.max / NS_PER_S);
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of the process.', [], () => process.memoryUsage.rss());
  metrics.gauge('process_cpu_seconds', 'CPU time of the process.', [], () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
}
