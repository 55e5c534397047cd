import type { DescMethod, DescService } from '@bufbuild/protobuf';
import type { ServiceName } from '@libs/contracts/events';
import type { InProcessNetwork } from '@libs/rpc/in-process';
import { inProcessEndpoint } from '@libs/rpc/service-rpc';
import type { CallContext } from '@libs/rpc/call-context';
import { from, isObservable, type Observable } from 'rxjs';

type Handler = (input: unknown, call: CallContext) => Observable<unknown> | Promise<unknown>;
/** With the service whose it is, where every service serves the contract. */
export type Fake = readonly [DescService, object, ServiceName?];

/** Puts the neighbours of a service on its network. What they are asked and cannot answer is the test's mistake, and said so. */
export async function serveFakes(network: InProcessNetwork, fakes: readonly Fake[]): Promise<void> {
  for (const [service, handlers, at] of fakes) {
    const endpoint = inProcessEndpoint(network, {
      sends: () => undefined,
      unanswered: () => undefined,
      answeredAgain: () => undefined,
      served: () => undefined,
      broke: (rpc, _call, error) => process.stderr.write(`the fake of ${rpc} failed: ${String(error)}\n`),
    }, at);
    await endpoint.open(service.methods.map((method) => ({ service, method, handle: async (input, call) => answersOf(handlers, method, input, call) })));
  }
}

function answersOf(handlers: object, method: DescMethod, input: unknown, call: CallContext): Observable<unknown> {
  // The test wrote the fake against `RpcHandlers`.
  const handler = (handlers as Record<string, Handler | undefined>)[method.localName];
  if (!handler) throw new Error(`this test has no fake of ${method.name}`);
  const answer = handler.call(handlers, input, call);
  return isObservable(answer) ? answer : from(answer);
}
