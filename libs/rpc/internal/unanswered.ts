import type { ServiceName } from '@libs/contracts/events';
import type { RpcObserver } from '../rpc-observer';

/** Longer than a service takes to start, and so to be there for those that have started with it. */
export const TOLD_AFTER_MS = 30_000;

/** Which rpcs of a callee are not answered, and since when. What lasts is told once for each, not once for each call. */
export class Unanswered {
  private readonly silences = new Map<string, { readonly since: number; isTold: boolean }>();

  constructor(
    private readonly callee: ServiceName,
    private readonly observer: Pick<RpcObserver, 'unanswered' | 'answeredAgain'> | undefined,
  ) {}

  silent(rpc: string): void {
    const silence = this.silences.get(rpc) ?? { since: Date.now(), isTold: false };
    this.silences.set(rpc, silence);
    const lastsMs = Date.now() - silence.since;
    if (silence.isTold || lastsMs < TOLD_AFTER_MS) return;
    silence.isTold = true;
    this.observer?.unanswered(rpc, this.callee, lastsMs);
  }

  answered(rpc: string): void {
    const silence = this.silences.get(rpc);
    if (!silence) return;
    this.silences.delete(rpc);
    if (silence.isTold) this.observer?.answeredAgain(rpc, this.callee, Date.now() - silence.since);
  }
}
