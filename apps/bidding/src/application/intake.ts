import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { AppError } from '@libs/kernel/app-error';
import type { Outcome } from '../domain/batch';
import { busy, keyInFlight, keyMissing, keyReused, retry } from '../domain/errors';
import type { Turn } from '../domain/settle';
import { type CommandKey, KeptAnswers } from './ports';
import { sameBytes } from './same-bytes';
import type { Reply, Ticket } from './ticket';
import { QUEUE_MAX, Writer } from './writer';

const LOOKED_UP_AT_ONCE_MAX = 500;
const REFUSAL_REMEMBERED_MS = 60_000;
const REFUSALS_MAX = 50_000;
const KEY_LENGTH_MAX = 255;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A user's command with its idempotency key. */
export interface KeyedRequest {
  readonly userId: string;
  readonly key: string;
  readonly bodyHash: Uint8Array;
  readonly deadline: number;
  readonly traceparent: string | undefined;
  /** What must be known before it is queued; undefined when everything is. Runs outside of the writer. */
  prepare?(): Promise<unknown> | undefined;
  run(turn: Turn): Outcome;
  /** After a refusal: says more precisely why, where the database must be asked. */
  explain?(refusal: AppError): Promise<AppError>;
}

interface Remembered {
  readonly bodyHash: Uint8Array;
  readonly refusal: AppError;
  readonly until: number;
}

/**
 * The door before the writer's queue: each key at most once in the process, and never again once it has an answer.
 * Keys are looked up together, while the writer commits what came before.
 */
@Injectable()
export class Intake {
  private readonly inFlight = new Set<string>();
  private readonly refusals = new Map<string, Remembered>();
  private readonly arrivals: Arrival[] = [];
  private isLooking = false;

  constructor(
    private readonly writer: Writer,
    private readonly kept: KeptAnswers,
    private readonly wallClock: WallClock,
  ) {}

  /** Requests that have no answer yet. */
  get waiting(): number {
    return this.inFlight.size;
  }

  submit(request: KeyedRequest, answer: (reply: Reply) => void): void {
    const { key, userId } = request;
    if (key.length === 0 || key.length > KEY_LENGTH_MAX || LONE_SURROGATE.test(key)) return answer({ refused: keyMissing() });
    if (this.inFlight.size >= QUEUE_MAX) return answer({ refused: busy() });
    const scoped = `${userId} ${key}`;
    if (this.inFlight.has(scoped)) return answer({ refused: keyInFlight() });
    const remembered = this.recall(scoped, request.bodyHash);
    if (remembered) return answer({ refused: remembered });
    this.inFlight.add(scoped);
    this.arrivals.push(new Arrival(request, scoped, answer, this));
    if (this.isLooking) return;
    this.isLooking = true;
    setImmediate(() => void this.lookUp());
  }

  /** An arrival has its answer. */
  settled({ scoped, request }: Arrival, reply: Reply): void {
    this.inFlight.delete(scoped);
    if ('refused' in reply && !reply.refused.retryable) this.remember(scoped, request.bodyHash, reply.refused);
  }

  private async lookUp(): Promise<void> {
    while (this.arrivals.length > 0) {
      const batch = this.arrivals.splice(0, LOOKED_UP_AT_ONCE_MAX);
      try {
        const answers = await this.kept.find(batch.map(({ key }) => key));
        batch.forEach((arrival, i) => {
          const answer = answers[i];
          if (!answer) return this.admit(arrival);
          const isSame = sameBytes(answer.bodyHash, arrival.request.bodyHash);
          arrival.finish(isSame ? { done: answer.done, replayed: true } : { refused: keyReused() });
        });
      } catch (error) {
        const refused = error instanceof AppError ? error : retry();
        for (const arrival of batch) arrival.finish({ refused });
      }
    }
    this.isLooking = false;
  }

  private admit(arrival: Arrival): void {
    const preparing = arrival.request.prepare?.();
    if (!preparing) return this.writer.submit(arrival);
    preparing.then(
      () => this.writer.submit(arrival),
      (error: unknown) => arrival.finish(error instanceof AppError ? { refused: error } : { failed: asError(error) }),
    );
  }

  private recall(scoped: string, bodyHash: Uint8Array): AppError | undefined {
    const remembered = this.refusals.get(scoped);
    if (!remembered || remembered.until < this.wallClock.now().getTime()) return undefined;
    return sameBytes(remembered.bodyHash, bodyHash) ? remembered.refusal : undefined;
  }

  private remember(scoped: string, bodyHash: Uint8Array, refusal: AppError): void {
    const now = this.wallClock.now().getTime();
    for (const [oldest, { until }] of this.refusals) {
      if (until >= now && this.refusals.size < REFUSALS_MAX) break;
      this.refusals.delete(oldest);
    }
    this.refusals.delete(scoped);
    this.refusals.set(scoped, { bodyHash, refusal, until: now + REFUSAL_REMEMBERED_MS });
  }
}

/** A request on its way: what the writer works off is the arrival itself. */
class Arrival implements Ticket {
  readonly key: CommandKey;

  constructor(
    readonly request: KeyedRequest,
    readonly scoped: string,
    private readonly answer: (reply: Reply) => void,
    private readonly intake: Intake,
  ) {
    this.key = { userId: request.userId, key: request.key };
  }

  get bodyHash(): Uint8Array {
    return this.request.bodyHash;
  }

  get deadline(): number {
    return this.request.deadline;
  }

  get traceparent(): string | undefined {
    return this.request.traceparent;
  }

  run(turn: Turn): Outcome {
    return this.request.run(turn);
  }

  settle(reply: Reply): void {
    if (!('refused' in reply) || !this.request.explain) return this.finish(reply);
    this.request.explain(reply.refused).then((refused) => this.finish({ refused }), (error: unknown) => this.finish({ failed: asError(error) }));
  }

  finish(reply: Reply): void {
    this.intake.settled(this, reply);
    this.answer(reply);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
