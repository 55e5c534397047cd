import { create } from '@bufbuild/protobuf';
import { inTrace } from '@libs/chassis/trace';
import { AppError } from '@libs/kernel/app-error';
import { concatAll, defer, lastValueFrom, map, Observable, tap } from 'rxjs';
import type { CallContext } from '../call-context';
import { type Route, routeName } from './routes';

/** Told of every call that was served: `outcome` is `ok`, a refusal's code, or `internal`. */
export interface RpcObserver {
  served(rpc: string, outcome: string, seconds: number): void;
  /** A bug; the caller hears only `internal`. */
  broke(rpc: string, call: CallContext, error: unknown): void;
}

/** What happens around a handler, whichever way the call came. */
export class Inbound {
  private inFlight = 0;

  constructor(private readonly observer: RpcObserver) {}

  /** Unary calls that have not been answered yet. */
  get pending(): number {
    return this.inFlight;
  }

  async unary(route: Route, input: unknown, call: CallContext): Promise<object> {
    const begun = performance.now();
    this.inFlight += 1;
    try {
      const answer = await inTrace(call.traceparent, async () => lastValueFrom(await route.handle(input, call)));
      const message = create(route.method.output, answer as never);
      this.note(route, call, begun);
      return message;
    } catch (error) {
      this.note(route, call, begun, error);
      throw error;
    } finally {
      this.inFlight -= 1;
    }
  }

  stream(route: Route, input: unknown, call: CallContext): Observable<object> {
    const begun = performance.now();
    const answers = new Observable<object>((subscriber) =>
      inTrace(call.traceparent, () =>
        defer(() => route.handle(input, call))
          .pipe(concatAll(), map((answer) => create(route.method.output, answer as never)))
          .subscribe(subscriber),
      ),
    );
    return answers.pipe(tap({ complete: () => this.note(route, call, begun), error: (error) => this.note(route, call, begun, error) }));
  }

  private note(route: Route, call: CallContext, begun: number, error?: unknown): void {
    const rpc = routeName(route.service, route.method);
    const outcome = error === undefined ? 'ok' : error instanceof AppError ? error.code : 'internal';
    this.observer.served(rpc, outcome, (performance.now() - begun) / 1_000);
    if (outcome === 'internal') inTrace(call.traceparent, () => this.observer.broke(rpc, call, error));
  }
}
