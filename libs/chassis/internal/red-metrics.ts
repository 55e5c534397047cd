import type { RpcObserver } from '@libs/rpc/rpc-observer';
import type { ServiceRpc } from '@libs/rpc/service-rpc';
import type { Log } from '../log';
import type { Metrics } from '../metrics';
import { attributeNames, type Spans } from '../spans';

/** Rate, errors and duration of what a service is asked. */

export function rpcObserver(log: Log, metrics: Metrics, spans: Spans): RpcObserver {
  const took = metrics.histogram('rpc_server_duration_seconds', 'Time to serve a call, by what came of it: ok, the kind of a refusal, or internal.', ['method', 'code']);
  return {
    served(rpc, { outcome, kind, seconds }, { traceparent, cause }) {
      const [service = '', method = ''] = rpc.split('/');
      took.observe({ method, code: kind }, seconds);
      if (!spans.isOn) return;
      const attributes = { [attributeNames.rpcSystem]: 'grpc', [attributeNames.rpcService]: service, [attributeNames.rpcMethod]: method };
      spans.record({ name: rpc, kind: 'server', traceparent, cause, seconds, ...(outcome !== 'ok' && { failure: outcome }), attributes });
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
