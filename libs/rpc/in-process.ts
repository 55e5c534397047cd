import { create, type DescMethod, type DescService } from '@bufbuild/protobuf';
import type { ServiceName } from '@libs/contracts/events';
import { currentTraceparent, newTraceparent } from '@libs/chassis/trace';
import { AppError } from '@libs/kernel/app-error';
import { concatWith, map, NEVER, Observable, Subject, takeUntil } from 'rxjs';
import { Callees, DEADLINE_MS, isRepeatable } from './internal/callee';
import { callContextOf, headersOf } from './internal/caller';
import type { Inbound } from './internal/inbound';
import { deadlinePassed, RpcInternalError, unavailable } from './internal/refusal';
import { ownerOf } from './internal/owners';
import { answersStream, type Route, routeName, takesStream } from './internal/routes';
import { type OutgoingCall, Rpc, type RpcClient } from './rpc';

interface Served {
  readonly route: Route;
  readonly inbound: Inbound;
  /** Ends what streams, when the service stops. */
  readonly closing: Observable<never>;
}

type Called = Pick<Route, 'service' | 'method'>;

/** Where an rpc is found in the process: at its service. */
function placeOf({ service, method }: Called, at: ServiceName | undefined): string {
  return `${ownerOf(service, at)} ${routeName(service, method)}`;
}

/** The services of one process, by name: what the network is to gRPC. */
export class InProcessNetwork {
  private readonly served = new Map<string, Served>();

  /** Answers how to stop: from then on the service's rpcs are unavailable, and its streams end so. */
  serve(routes: readonly Route[], inbound: Inbound, at?: ServiceName): () => void {
    const closing = new Subject<never>();
    const names = routes.map((route) => placeOf(route, at));
    routes.forEach((route, i) => this.served.set(names[i] as string, { route, inbound, closing }));
    return () => {
      for (const name of names) this.served.delete(name);
      closing.error(unavailable('stopping'));
    };
  }

  /** The others as `caller` sees them. Which service calls is known here without a token. */
  rpcOf(caller: ServiceName, callees = new Callees()): Rpc {
    return new InProcessRpc(caller, callees, (place) => this.served.get(place));
  }
}

class InProcessRpc extends Rpc {
  constructor(
    private readonly caller: ServiceName,
    private readonly callees: Callees,
    private readonly find: (place: string) => Served | undefined,
  ) {
    super();
  }

  client<S extends DescService>(service: S, at?: ServiceName): RpcClient<S> {
    const calls = service.methods.map((method) => {
      const place = placeOf({ service, method }, at);
      return [method.localName, answersStream(method) ? this.streamCall(place, { service, method }) : this.unaryCall(place, { service, method }, at)];
    });
    return Object.fromEntries(calls) as RpcClient<S>;
  }

  private unaryCall(place: string, { service, method }: Called, at: ServiceName | undefined) {
    const rpc = routeName(service, method);
    const asked = { rpc, isRepeatable: isRepeatable(method) };
    const callee = this.callees.of(ownerOf(service, at));
    return (input: object, call: OutgoingCall = {}): Promise<object> =>
      callee.ask(asked, call.deadlineMs ?? DEADLINE_MS, async (deadline) => {
        const { route, inbound } = this.reach(place, rpc);
        const answer = inbound.unary(route, create(method.input, input as never), this.contextOf(call, deadline)).catch((error) => {
          throw asSeenByCaller(error, rpc);
        });
        return withDeadline(answer, deadline - Date.now(), rpc);
      });
  }

  private streamCall(place: string, { service, method }: Called) {
    const rpc = routeName(service, method);
    return (input: object | Observable<object>, call: OutgoingCall = {}): Observable<object> =>
      new Observable((subscriber) => {
        // Failures of the opening arrive as the stream's own, as they do over a network.
        try {
          const { route, inbound, closing } = this.reach(place, rpc);
          const left = new Subject<void>();
          const message = takesStream(method) ? requestsOf(method, input as Observable<object>, left) : create(method.input, input as never);
          const answers = inbound.stream(route, message, this.contextOf(call, call.deadlineMs === undefined ? undefined : Date.now() + call.deadlineMs)).pipe(takeUntil(closing.pipe(concatWith(NEVER))));
          const subscription = answers.subscribe({
            next: (answer) => subscriber.next(answer),
            complete: () => subscriber.complete(),
            error: (error) => subscriber.error(asSeenByCaller(error, rpc)),
          });
          const late = call.deadlineMs === undefined ? undefined : setTimeout(() => subscriber.error(deadlinePassed(rpc)), call.deadlineMs);
          return () => {
            clearTimeout(late);
            subscription.unsubscribe();
            left.next();
          };
        } catch (error) {
          subscriber.error(error);
          return undefined;
        }
      });
  }

  private reach(place: string, rpc: string): Served {
    const served = this.find(place);
    if (!served) throw unavailable(rpc);
    return served;
  }

  private contextOf({ user }: OutgoingCall, deadline: number | undefined) {
    return callContextOf(this.caller, headersOf(user, currentTraceparent() ?? newTraceparent()), deadline === undefined ? undefined : new Date(deadline));
  }
}

/** The caller's messages, ended for the handler when the caller leaves. */
function requestsOf(method: DescMethod, input: Observable<object>, left: Subject<void>): Observable<object> {
  return input.pipe(map((message) => create(method.input, message as never)), takeUntil(left));
}

async function withDeadline<T>(answer: Promise<T>, deadlineMs: number, rpc: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(deadlinePassed(rpc)), deadlineMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A refusal crosses whole, a bug does not. */
function asSeenByCaller(error: unknown, rpc: string): Error {
  return error instanceof AppError ? new AppError(error.kind, error.code, error.message, error.details) : new RpcInternalError(rpc);
}
