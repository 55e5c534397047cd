import { create } from '@bufbuild/protobuf';
import { inTrace } from '@libs/chassis/trace';
import { concatAll, defer, firstValueFrom, lastValueFrom, map, Observable, race, Subject, tap, timer } from 'rxjs';
import type { CallContext } from '../call-context';
import type { RpcObserver } from '../rpc-observer';
import { outcomeOf } from './outcome';
import { type Route, routeName } from './routes';

/** What happens around a handler, whichever way the call came. */
export class Inbound {
  private inFlight = 0;
  private readonly idle = new Subject<void>();

  constructor(private readonly observer: RpcObserver) {}

  /** Unary calls that have not been answered yet. */
  get pending(): number {
    return this.inFlight;
  }

  /** Resolves when every call has been answered, or after `msMax`. */
  async drained(msMax: number): Promise<void> {
    if (this.inFlight > 0) await firstValueFrom(race(this.idle, timer(msMax)));
  }

  async unary(route: Route, input: unknown, call: CallContext): Promise<object> {
    const begun = performance.now();
    this.inFlight += 1;
    try {
      const answer = await inTrace(call.traceparent, async () => lastValueFrom(await route.handle(input, call)), call.deadline?.getTime());
      const message = create(route.method.output, answer as never);
      this.note(route, call, begun, { isReplay: 'replayed' in message && message.replayed === true });
      return message;
    } catch (error) {
      this.note(route, call, begun, { error });
      throw error;
    } finally {
      this.inFlight -= 1;
      if (this.inFlight === 0) this.idle.next();
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
    return answers.pipe(tap({ complete: () => this.note(route, call, begun, {}), error: (error) => this.note(route, call, begun, { error }) }));
  }

  private note(route: Route, call: CallContext, begun: number, { error, isReplay = false }: { readonly error?: unknown; readonly isReplay?: boolean }): void {
    const rpc = routeName(route.service, route.method);
    const came = outcomeOf(error);
    this.observer.served(rpc, { ...came, isReplay, seconds: (performance.now() - begun) / 1_000 }, call);
    if (came.kind === 'internal') inTrace(call.traceparent, () => this.observer.broke(rpc, call, error));
  }
}
