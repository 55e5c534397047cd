import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { AppError } from '@libs/kernel/app-error';
import type { Outcome } from '../domain/batch';
import { busy, keyInFlight, keyMissing, keyReused, retry } from '../domain/errors';
import type { Turn } from '../domain/settle';
import { KeptAnswers } from './ports';
import { sameBytes } from './same-bytes';
import type { Reply } from './ticket';
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

interface Arrival {
  readonly request: KeyedRequest;
  readonly settle: (reply: Reply) => void;
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
    const settle = (reply: Reply): void => {
      this.inFlight.delete(scoped);
      if ('refused' in reply && !reply.refused.retryable) this.remember(scoped, request.bodyHash, reply.refused);
      answer(reply);
    };
    this.arrivals.push({ request, settle });
    if (this.isLooking) return;
    this.isLooking = true;
    setImmediate(() => void this.lookUp());
  }

  private async lookUp(): Promise<void> {
    while (this.arrivals.length > 0) {
      const batch = this.arrivals.splice(0, LOOKED_UP_AT_ONCE_MAX);
      try {
        const answers = await this.kept.find(batch.map(({ request }) => request));
        batch.forEach((arrival, i) => {
          const answer = answers[i];
          if (!answer) return this.admit(arrival);
          const isSame = sameBytes(answer.bodyHash, arrival.request.bodyHash);
          arrival.settle(isSame ? { done: answer.done, replayed: true } : { refused: keyReused() });
        });
      } catch (error) {
        const refused = error instanceof AppError ? error : retry();
        for (const { settle } of batch) settle({ refused });
      }
    }
    this.isLooking = false;
  }

  private admit({ request, settle }: Arrival): void {
    const preparing = request.prepare?.();
    if (!preparing) return this.enqueue(request, settle);
    preparing.then(
      () => this.enqueue(request, settle),
      (error: unknown) => settle(error instanceof AppError ? { refused: error } : { failed: asError(error) }),
    );
  }

  private enqueue(request: KeyedRequest, settle: (reply: Reply) => void): void {
    const { userId, key, bodyHash, deadline, traceparent, explain } = request;
    const ticket = { run: (turn: Turn) => request.run(turn), key: { userId, key }, bodyHash, deadline, traceparent };
    if (!explain) return this.writer.submit({ ...ticket, settle });
    this.writer.submit({
      ...ticket,
      settle: (reply) => {
        if (!('refused' in reply)) return settle(reply);
        request.explain?.(reply.refused).then((refused) => settle({ refused }), (error: unknown) => settle({ failed: asError(error) }));
      },
    });
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

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
