import type { Box } from '../../application/box';
import { isAboutWebhooks, isRefusal, strike } from '../../domain/faults';
import type { Fault } from '../../domain/keeping';
import type { Circumstances } from '../../domain/unit';
import type { Incoming, OutsideApi, Outgoing } from './exchange';

const KEPT_REQUESTS = 5_000;
const COPIES_OF_DUPLICATES = 5;

/** What becomes of a call: an answer, or silence until the caller gives up or the time is over. */
export type Fate = Outgoing | { readonly silentMs: number };

/** Passes a call on to the service that it is for, with the faults that a test has asked for on the way, and notes that it was here. */
export class Gate {
  constructor(
    private readonly box: Box,
    private readonly wait: (ms: number) => Promise<void>,
  ) {}

  async pass(call: Incoming, api: OutsideApi): Promise<Fate> {
    this.note(call, null, null);
    const claim = api.claim(call);
    if (!('release' in claim)) return this.noted(call, claim, null);
    try {
      return await this.meetFaults(call, api);
    } finally {
      claim.release();
    }
  }

  /** Announcements that a move of the clock causes can be struck too. */
  strikeClock(): Circumstances['webhooks'] {
    return webhooksOf(this.box.run({}, (unit) => strike(unit, 'POST', '/clock/advance')));
  }

  private async meetFaults(call: Incoming, api: OutsideApi): Promise<Fate> {
    const struck = this.box.run({}, (unit) => strike(unit, call.method, call.path));
    const fault = struck.find(({ mode }) => !isAboutWebhooks(mode));
    if (fault?.mode === 'slow') await this.wait(fault.delayMs);
    if (fault && isRefusal(fault.mode)) return this.noted(call, api.fault(fault.mode, call), fault);
    if (fault?.mode === 'timeout_before') return this.silent(call, fault);
    const answer = api.handle(call, { webhooks: webhooksOf(struck), isSpoilt: fault?.mode === 'error_500_after_apply' });
    return fault?.mode === 'timeout_after_apply' ? this.silent(call, fault) : this.noted(call, answer, fault);
  }

  private async silent(call: Incoming, fault: Fault): Promise<Fate> {
    this.keep(call, null, fault);
    await this.box.durable();
    return { silentMs: fault.delayMs };
  }

  private async noted(call: Incoming, answer: Outgoing, fault: Fault | null | undefined): Promise<Outgoing> {
    if (call.method === 'GET') this.note(call, answer.status, fault?.mode ?? null);
    else this.keep(call, answer.status, fault ?? null);
    await this.box.durable();
    return answer;
  }

  private note(call: Incoming, status: number | null, fault: Fault['mode'] | null): void {
    this.box.note(['requests', this.row(call, status, fault)]);
  }

  /** Reads are only noted; what may change something is in the journal. */
  private keep(call: Incoming, status: number | null, fault: Fault | null): void {
    this.box.run({}, (unit) => {
      unit.put('requests', this.row(call, status, fault?.mode ?? null));
      if (unit.world.count('requests') <= KEPT_REQUESTS) return;
      for (const oldest of unit.world.each('requests')) return unit.remove('requests', oldest.id);
    });
  }

  private row(call: Incoming, status: number | null, fault: Fault['mode'] | null) {
    const at = this.box.world.get('requests', call.id)?.at ?? new Date(this.box.wallMs).toISOString();
    const idempotencyKey = call.headers['idempotency-key'] ?? null;
    return { id: call.id, at, method: call.method, path: call.path, idempotencyKey, account: call.headers['stripe-account'] ?? null, status, fault };
  }
}

function webhooksOf(struck: readonly Fault[]): Circumstances['webhooks'] {
  const late = struck.find(({ mode }) => mode === 'late_webhooks');
  return { copies: struck.some(({ mode }) => mode === 'duplicate_webhooks') ? COPIES_OF_DUPLICATES : 1, heldMs: late?.delayMs ?? null };
}
