import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { type Revocation, UserService, type WatchRevocationsResponse } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { WallClock } from '@libs/kernel/clock';
import { Rpc } from '@libs/rpc/rpc';
import type { Subscription } from 'rxjs';

/** The user service's heart beats every 500 ms; two beats missed and nobody's session is taken on trust. */
export const SILENT_AFTER_MS = 1_000;
const RETRY_EVERY_MS = 200;

type Listener = (sessionId: string) => void;

/** Which sessions have ended, as the user service streams it. */
@Injectable()
export class Revocations implements OnApplicationBootstrap, OnApplicationShutdown {
  private revoked = new Map<string, number>();
  private readonly listeners = new Set<Listener>();
  private subscription: Subscription | undefined;
  /** The list below is as of then. */
  private currentAtMs = Number.NEGATIVE_INFINITY;
  /** When the user service was last heard. */
  heardAtMs = Number.NEGATIVE_INFINITY;
  private readonly loop: Loop;

  constructor(
    private readonly rpc: Rpc,
    private readonly clock: WallClock,
    private readonly log: Log,
  ) {
    this.loop = new Loop({ name: 'revocations', everyMs: RETRY_EVERY_MS, log }, async () => this.keepWatching());
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  /** After the server has answered what was under way. */
  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
    this.subscription?.unsubscribe();
  }

  /** Whether the list below is the present one. */
  get isCurrent(): boolean {
    return this.clock.now().getTime() - this.currentAtMs <= SILENT_AFTER_MS;
  }

  isRevoked(sessionId: string): boolean {
    return this.revoked.has(sessionId);
  }

  onRevoked(listener: Listener): void {
    this.listeners.add(listener);
  }

  private keepWatching(): void {
    const nowMs = this.clock.now().getTime();
    for (const [id, forgetAtMs] of this.revoked) if (forgetAtMs <= nowMs) this.revoked.delete(id);
    // A stream that is silent but not ended may be half open: it is opened anew.
    if (this.subscription && !this.isCurrent && nowMs - this.openedAtMs > SILENT_AFTER_MS * 2) this.drop();
    if (!this.subscription) this.open(nowMs);
  }

  private openedAtMs = 0;

  private open(nowMs: number): void {
    this.openedAtMs = nowMs;
    const ended = (error?: unknown) => {
      if (this.isCurrent) this.log.warn({ error }, 'the stream of revocations ended; sessions are asked for one by one');
      this.drop();
    };
    const subscription = this.rpc.client(UserService).watchRevocations({}).subscribe({ next: (message) => this.take(message), error: ended, complete: () => ended() });
    if (!subscription.closed) this.subscription = subscription;
  }

  private drop(): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
    this.currentAtMs = Number.NEGATIVE_INFINITY;
  }

  private take({ change }: WatchRevocationsResponse): void {
    if (change.case === 'snapshot') this.replace(change.value.revoked);
    if (change.case === 'revoked') this.add(change.value);
    // Before the snapshot nothing is known of sessions, so nothing else makes the list current.
    this.heardAtMs = this.clock.now().getTime();
    if (change.case === 'snapshot' || this.currentAtMs > 0) this.currentAtMs = this.heardAtMs;
  }

  private replace(revoked: readonly Revocation[]): void {
    const before = this.revoked;
    this.revoked = new Map(revoked.map(({ sessionId, forgetAt }) => [sessionId, msOf(forgetAt)]));
    for (const id of this.revoked.keys()) if (!before.has(id)) this.tell(id);
  }

  private add({ sessionId, forgetAt }: Revocation): void {
    this.revoked.set(sessionId, msOf(forgetAt));
    this.tell(sessionId);
  }

  private tell(sessionId: string): void {
    for (const listener of this.listeners) listener(sessionId);
  }
}

/** Without an instant it is kept: too long is harmless. */
function msOf(timestamp: Timestamp | undefined): number {
  return timestamp ? timestampDate(timestamp).getTime() : Number.POSITIVE_INFINITY;
}
