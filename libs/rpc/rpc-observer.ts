import type { ErrorKind } from '@libs/kernel/app-error';
import type { CallContext } from './call-context';

export interface Served {
  /** `ok`, a refusal's code, or `internal`. */
  readonly outcome: string;
  readonly kind: ErrorKind | 'ok' | 'internal';
  readonly seconds: number;
}

export interface RpcObserver {
  /** Told of every call that was served, as `package.Service/Method`. */
  served(rpc: string, served: Served, call: CallContext): void;
  /** A bug; the caller hears only `internal`. */
  broke(rpc: string, call: CallContext, error: unknown): void;
}
