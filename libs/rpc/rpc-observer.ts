import type { CallContext } from './call-context';

/** Told of every call that was served: `outcome` is `ok`, a refusal's code, or `internal`. */
export interface RpcObserver {
  served(rpc: string, outcome: string, seconds: number): void;
  /** A bug; the caller hears only `internal`. */
  broke(rpc: string, call: CallContext, error: unknown): void;
}
