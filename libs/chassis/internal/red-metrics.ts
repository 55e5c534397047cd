import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Counter, Histogram } from 'prom-client';
import type { RpcObserver } from '@libs/rpc/rpc-observer';
import type { ServiceRpc } from '@libs/rpc/service-rpc';
import type { Log } from '../log';
import type { Metrics } from '../metrics';

/** Rate, errors and duration of what a service is asked. */

export function rpcObserver(log: Log, metrics: Metrics): RpcObserver {
  const requests = metrics.counter('rpc_requests_total', 'Calls served, by outcome: ok, a refusal\'s code, or internal.', ['rpc', 'outcome']);
  const seconds = metrics.histogram('rpc_duration_seconds', 'Time to serve a call.', ['rpc']);
  return {
    served(rpc, outcome, duration) {
      requests.inc({ rpc, outcome });
      seconds.observe({ rpc }, duration);
    },
    broke(rpc, call, error) {
      log.error({ rpc, caller: call.service, error }, 'a call failed by a bug');
    },
  };
}

const circuitValues = { closed: 0, half_open: 1, open: 2 } as const;

export function reportCircuits(metrics: Metrics, circuits: ServiceRpc['circuits']): void {
  const values = () => new Map([...circuits()].map(([dependency, state]) => [dependency, circuitValues[state]]));
  metrics.gauge('circuit_state', 'Whether a service that we ask answers: 0 closed (it does), 1 half open (one call tries), 2 open (calls fail at once).', ['dependency'], values);
}

export function observeHttp(server: Server, metrics: Metrics): void {
  const requests = metrics.counter('http_requests_total', 'Requests answered, by method and status.', ['method', 'status']);
  const seconds = metrics.histogram('http_duration_seconds', 'Time to answer a request.', ['method']);
  // Looked up once for each method and status: to find a metric by its labels costs more than to count.
  const known = new Map<string, { readonly count: Counter.Internal; readonly time: Histogram.Internal<string> }>();
  const metricsOf = (method: string, status: string) => {
    const name = `${method} ${status}`;
    const found = known.get(name) ?? { count: requests.labels(method, status), time: seconds.labels(method) };
    known.set(name, found);
    return found;
  };
  server.on('request', ({ method = '' }: IncomingMessage, response: ServerResponse) => {
    const begun = performance.now();
    response.once('finish', () => {
      const { count, time } = metricsOf(method, String(response.statusCode));
      count.inc();
      time.observe((performance.now() - begun) / 1_000);
    });
  });
}
