import type { ServiceName } from '@libs/contracts/events';
import type { ErrorKind } from '@libs/kernel/app-error';
import type { CallContext } from './call-context';

export interface Outcome {
  /** `ok`, a refusal's code, or `internal`. */
  readonly outcome: string;
  readonly kind: ErrorKind | 'ok' | 'internal';
}

export interface Served extends Outcome {
  readonly seconds: number;
  /** A command whose key had been answered before, and that was given that answer: its contract says so in `replayed`. */
  readonly isReplay: boolean;
}

/** A call that is under way to another service, and whose trace is recorded. */
export interface SentCall {
  /** Its own place in the trace: what it sets off on the other side is done for it. */
  readonly traceparent: string;
  /** As its caller sees it, after the last attempt. */
  ended(outcome: Outcome): void;
}

export interface RpcObserver {
  /** Asked of every unary call before it is sent. Undefined where nobody records it: then it costs nothing more. */
  sends(rpc: string): SentCall | undefined;
  /** Of an rpc that we ask, once: for so long nobody has answered any call. */
  unanswered(rpc: string, callee: ServiceName, lastsMs: number): void;
  /** Once, after the former. */
  answeredAgain(rpc: string, callee: ServiceName, lastedMs: number): void;
  /** Told of every call that was served, as `package.Service/Method`. */
  served(rpc: string, served: Served, call: CallContext): void;
  /** A bug; the caller hears only `internal`. */
  broke(rpc: string, call: CallContext, error: unknown): void;
}
