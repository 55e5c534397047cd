import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Level } from '@bufbuild/protobuf/wkt';
import { currentDeadline, inTrace } from '@libs/chassis/trace';
import type { ServiceName } from '@libs/contracts/events';
import { BrokenCircuitError, circuitBreaker, CircuitState, ExponentialBackoff, handleAll, handleWhen, retry, SamplingBreaker } from 'cockatiel';
import type { RpcObserver, SentCall } from '../rpc-observer';
import { outcomeOf } from './outcome';
import { CalleeSilent, circuitOpen, deadlinePassed, isUnreached } from './refusal';
import { Unanswered } from './unanswered';

export const DEADLINE_MS = 3_000;
/** Of its caller's time a call leaves this much, so that the caller can still answer in time that it had no answer. */
const FOR_THE_ANSWER_MS = 100;
/** A call that was given less than this says nothing about its callee when it ends unanswered. */
const FAIR_MS = 250;

/** The circuit opens when half of at least ten calls of the last ten seconds were not answered; then one call every two seconds tries. */
const SHARE_MAX = 0.5;
const WINDOW_MS = 10_000;
const CALLS_A_SECOND_MIN = 1;
export const OPEN_MS = 2_000;

const RETRIES_MAX = 2;
const PAUSE_MS = 150;
const PAUSE_MS_MAX = 400;
/** Retries are a tenth of the calls at most: more would be what keeps a callee down that has just come back. */
const RETRIES_A_CALL = 0.1;
const RETRIES_SAVED_MAX = 10;

export type CircuitStateName = 'closed' | 'half_open' | 'open';

/** Sends a call once; it is to be answered before `deadline`, or to fail with `CalleeSilent`. */
type Send = (deadline: number) => Promise<object>;

export interface Asked {
  readonly rpc: string;
  /** Whether it may be sent again when nobody knows what became of it: its contract says so. */
  readonly isRepeatable: boolean;
}

export function isRepeatable({ idempotency }: DescMethod): boolean {
  return idempotency === Level.NO_SIDE_EFFECTS || idempotency === Level.IDEMPOTENT;
}

type CallsObserver = Pick<RpcObserver, 'sends' | 'unanswered' | 'answeredAgain'>;

/** A service as one caller has come to know it: whether it answers at present, and how many second tries it is worth. */
export class Callee {
  private readonly breaker = circuitBreaker(handleAll, {
    halfOpenAfter: OPEN_MS,
    breaker: new SamplingBreaker({ threshold: SHARE_MAX, duration: WINDOW_MS, minimumRps: CALLS_A_SECOND_MIN }),
  });
  private retriesSaved = RETRIES_SAVED_MAX;
  private readonly unanswered: Unanswered;

  constructor(
    private readonly name: ServiceName,
    private readonly observer?: CallsObserver,
  ) {
    this.unanswered = new Unanswered(name, observer);
  }

  get state(): CircuitStateName {
    if (this.breaker.state === CircuitState.Closed) return 'closed';
    return this.breaker.state === CircuitState.HalfOpen ? 'half_open' : 'open';
  }

  /** The callee's answer, or its refusal; `CalleeSilent` when none came within `deadlineMs`, counted from now. */
  ask(asked: Asked, deadlineMs: number, send: Send): Promise<object> {
    const sent = this.observer?.sends(asked.rpc);
    return sent ? told(sent, () => this.attempts(asked, deadlineMs, send)) : this.attempts(asked, deadlineMs, send);
  }

  /** Sends a call, and once or twice more if that cannot do harm. Whatever the callee answers, a refusal too, is an answer. */
  private async attempts(asked: Asked, deadlineMs: number, send: Send): Promise<object> {
    const now = Date.now();
    const deadline = Math.min(now + deadlineMs, (currentDeadline() ?? Infinity) - FOR_THE_ANSWER_MS);
    if (deadline <= now) throw deadlinePassed(asked.rpc);
    this.retriesSaved = Math.min(this.retriesSaved + RETRIES_A_CALL, RETRIES_SAVED_MAX);
    const attempt = () => this.once(asked.rpc, deadline, send);
    try {
      return await attempt();
    } catch (error) {
      if (!asked.isRepeatable || !isUnreached(error)) throw error;
      return this.again(error, deadline, attempt);
    }
  }

  private async once(rpc: string, deadline: number, send: Send): Promise<object> {
    const isFair = deadline - Date.now() >= FAIR_MS;
    // While one call tries, the library would keep the others waiting for it.
    if (this.state === 'half_open' || (this.state === 'open' && !isFair)) throw circuitOpen(this.name, rpc, OPEN_MS);
    if (!isFair) return send(deadline);
    try {
      const answer = await this.breaker.execute(() => send(deadline).catch(answered));
      this.unanswered.answered(rpc);
      if (answer instanceof Refused) throw answer.error;
      return answer;
    } catch (error) {
      if (error instanceof CalleeSilent) this.unanswered.silent(rpc);
      throw error instanceof BrokenCircuitError ? circuitOpen(this.name, rpc, OPEN_MS) : error;
    }
  }

  /** What the first attempt met counts as the first of them. */
  private again(first: Error, deadline: number, attempt: () => Promise<object>): Promise<object> {
    let left = RETRIES_MAX;
    const isWorthIt = (error: Error) => isUnreached(error) && left-- > 0 && Date.now() + PAUSE_MS_MAX < deadline && this.takeRetry();
    const policy = retry(handleWhen(isWorthIt), { maxAttempts: RETRIES_MAX, backoff: new ExponentialBackoff({ initialDelay: PAUSE_MS, maxDelay: PAUSE_MS_MAX }) });
    return policy.execute(({ attempt: before }) => (before === 0 ? Promise.reject(first) : attempt()));
  }

  private takeRetry(): boolean {
    if (this.retriesSaved < 1) return false;
    this.retriesSaved -= 1;
    return true;
  }
}

/** The services that one caller asks, each known for itself. */
export class Callees {
  private readonly known = new Map<ServiceName, Callee>();

  constructor(private readonly observer?: CallsObserver) {}

  of(name: ServiceName): Callee {
    const callee = this.known.get(name) ?? new Callee(name, this.observer);
    this.known.set(name, callee);
    return callee;
  }

  states(): ReadonlyMap<ServiceName, CircuitStateName> {
    return new Map([...this.known].map(([name, { state }]) => [name, state]));
  }
}

async function told(sent: SentCall, work: () => Promise<object>): Promise<object> {
  try {
    const answer = await inTrace(sent.traceparent, work, currentDeadline());
    sent.ended(outcomeOf(undefined));
    return answer;
  } catch (error) {
    sent.ended(outcomeOf(error));
    throw error;
  }
}

/** A failure that the callee has told. */
class Refused {
  constructor(readonly error: unknown) {}
}

function answered(error: unknown): Refused {
  if (error instanceof CalleeSilent) throw error;
  return new Refused(error);
}
