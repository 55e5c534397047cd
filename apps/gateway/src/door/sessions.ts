import { Injectable } from '@nestjs/common';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import type { CallUser } from '@libs/rpc/call-context';
import { Rpc } from '@libs/rpc/rpc';
import { AccessTokens } from './access-tokens';
import { whenKnown } from './known';
import { Revocations } from './revocations';

/** How long an answer of `CheckSession` counts, so that a revoked session ends within a second even then. */
const ASKED_FOR_MS = 500;
const ASKED_MAX = 10_000;

const ended = () => new AppError('unauthenticated', 'gateway.session_ended', 'This session has ended.');

/** Whose request this is: a token that we signed, of a session that lives. */
@Injectable()
export class Sessions {
  private readonly answers = new Map<string, { atMs: number; live: Promise<boolean> }>();

  constructor(
    private readonly tokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly rpc: Rpc,
    private readonly clock: WallClock,
  ) {}

  /** Synchronous for a token that was seen before while revocations are heard, which on the busy paths is always. */
  userOf(token: string): CallUser | Promise<CallUser> {
    return whenKnown(this.tokens.read(token), (user) => {
      if (this.revocations.isRevoked(user.sessionId)) throw ended();
      return this.revocations.isCurrent ? user : this.asked(user);
    });
  }

  private async asked(user: CallUser): Promise<CallUser> {
    if (!(await this.isLive(user))) throw ended();
    return user;
  }

  private isLive({ sessionId }: CallUser): Promise<boolean> {
    const nowMs = this.clock.now().getTime();
    const known = this.answers.get(sessionId);
    if (known && nowMs - known.atMs < ASKED_FOR_MS) return known.live;
    if (this.answers.size >= ASKED_MAX) this.answers.clear();
    const live = this.rpc.client(UserService).checkSession({ sessionId }).then(({ live: isLive }) => isLive);
    // A failed question is not an answer: the next request asks again.
    live.catch(() => this.answers.delete(sessionId));
    this.answers.set(sessionId, { atMs: nowMs, live });
    return live;
  }
}
