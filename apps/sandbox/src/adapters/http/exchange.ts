import type { RefusingMode } from '../../domain/keeping';
import type { Circumstances } from '../../domain/unit';

export interface Incoming {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** Where the caller reached us, for links in answers. */
  readonly origin: string;
}

export interface Outgoing {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Handling {
  readonly webhooks: Circumstances['webhooks'];
  /** The work is done and its reply is a 500, which the provider keeps for the key. */
  readonly isSpoilt: boolean;
}

/** One of the outside services that calls and faults are about. */
export abstract class OutsideApi {
  /** Takes the call's idempotency key, or says that another call holds it. */
  abstract claim(call: Incoming): Claim | Outgoing;
  abstract handle(call: Incoming, handling: Handling): Outgoing;
  /** What the service says when it refuses for reasons of its own. */
  abstract fault(mode: RefusingMode, call: Incoming): Outgoing;
}

export interface Claim {
  readonly release: () => void;
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Outgoing {
  return { status, body: JSON.stringify(body), headers };
}
