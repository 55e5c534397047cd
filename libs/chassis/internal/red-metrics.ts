import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { RpcObserver } from '@libs/rpc/rpc-observer';
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

export function observeHttp(server: Server, metrics: Metrics): void {
  const requests = metrics.counter('http_requests_total', 'Requests answered, by method and status.', ['method', 'status']);
  const seconds = metrics.histogram('http_duration_seconds', 'Time to answer a request.', ['method']);
  server.on('request', ({ method = '' }: IncomingMessage, response: ServerResponse) => {
    const begun = performance.now();
    response.once('finish', () => {
      requests.inc({ method, status: String(response.statusCode) });
      seconds.observe({ method }, (performance.now() - begun) / 1_000);
    });
  });
}
