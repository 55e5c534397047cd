import { errorKinds } from '@libs/kernel/app-error';
import type { Outcome, RpcObserver, SentCall } from '@libs/rpc/rpc-observer';
import type { ServiceRpc } from '@libs/rpc/service-rpc';
import { idempotencyReplays } from '../idempotency-replays';
import type { Log } from '../log';
import type { Metrics } from '../metrics';
import { attributeNames, callAttributes } from '../span-attributes';
import type { Spans } from '../spans';
import { continueTrace, currentTraceparent } from '../trace';

const GRPC_OK = 0;
const GRPC_INTERNAL = 13;

/** Rate, errors and duration of what a service is asked; and, of traces that are recorded, a span for each call on either side. */
export function rpcObserver(log: Log, metrics: Metrics, spans: Spans): RpcObserver {
  const took = metrics.durations('rpc_server_duration_seconds', 'Time to serve a call, by what came of it: ok, the kind of a refusal, or internal.', ['method', 'code']);
  const replays = idempotencyReplays(metrics);
  return {
    sends: (rpc) => sentCall(spans, rpc),
    unanswered: (rpc, callee, lastsMs) => log.warn({ rpc, callee, silent_ms: lastsMs }, 'a neighbour has not answered for a while'),
    answeredAgain: (rpc, callee, lastedMs) => log.info({ rpc, callee, silent_ms: lastedMs }, 'a neighbour answers again'),
    served(rpc, { seconds, isReplay, ...came }, { traceparent, cause }) {
      const isRecorded = spans.samples(traceparent);
      took.observe([rpc.slice(rpc.indexOf('/') + 1), came.kind], seconds, isRecorded ? traceparent : undefined);
      if (isReplay) replays.inc();
      if (isRecorded) spans.record({ name: rpc, kind: 'server', traceparent, cause, seconds, ...spanOf(rpc, came) });
    },
    broke(rpc, call, error) {
      log.error({ rpc, caller: call.service, error }, 'a call failed by a bug');
    },
  };
}

/** A call that nothing has set off begins a trace, so that the other side's span is not without the one that it names. */
function sentCall(spans: Spans, rpc: string): SentCall | undefined {
  if (!spans.isOn) return undefined;
  const cause = currentTraceparent();
  if (cause !== undefined && !spans.samples(cause)) return undefined;
  const [traceparent, begun] = [continueTrace(cause), performance.now()];
  return {
    traceparent,
    ended: (came) => spans.record({ name: rpc, kind: 'client', traceparent, cause, seconds: (performance.now() - begun) / 1_000, ...spanOf(rpc, came) }),
  };
}

function spanOf(rpc: string, { outcome, kind }: Outcome) {
  const [service = '', method = ''] = rpc.split('/');
  const status = kind === 'ok' ? GRPC_OK : kind === 'internal' ? GRPC_INTERNAL : errorKinds[kind].grpc;
  return {
    attributes: { ...callAttributes(service, method), [attributeNames.rpcStatus]: status },
    ...(kind !== 'ok' && { failure: outcome }),
  };
}

const circuitValues = { closed: 0, half_open: 1, open: 2 } as const;

export function reportCircuits(metrics: Metrics, circuits: ServiceRpc['circuits']): void {
  const values = () => new Map([...circuits()].map(([dependency, state]) => [dependency, circuitValues[state]]));
  metrics.gauge('circuit_state', 'Whether a service that we ask answers: 0 closed (it does), 1 half open (one call tries), 2 open (calls fail at once).', ['dependency'], values);
}
