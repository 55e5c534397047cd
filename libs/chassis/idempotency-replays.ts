import type { Counter } from 'prom-client';
import type { Metrics } from './metrics';

/** Of a service's unary calls the chassis counts them; what answers commands on a stream counts its own. */
export function idempotencyReplays(metrics: Metrics): Counter {
  return metrics.counter('idempotency_replays_total', 'Commands whose key had been answered before, and that were given that answer again.');
}
