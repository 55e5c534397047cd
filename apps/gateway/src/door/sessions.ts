import { Injectable } from '@nestjs/common';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import type { CallUser } from '@libs/rpc/call-context';
import { Rpc } from '@libs/rpc/rpc';
import { AccessTokens } from './access-tokens';
import { Revocations } from './revocations';

/** How long an answer of `CheckSession` counts, so that a revoked session ends within a second even then. */
const ASKED_FOR_MS = 500;
const ASKED_MAX = 10_000;

const ended = () => new AppError('unauthenticated', 'gateway.session_ended', 'This session has ended.');

/** Whose request this is: a token that we signed, of a session that lives. */
@Injectable()
export class Sessions {
  private readonly asked = new Map<string, { atMs: number; live: Promise<boolean> }>();

  constructor(
    private readonly tokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly rpc: Rpc,
    private readonly clock: WallClock,
  ) {}

  async userOf(token: string): Promise<CallUser> {
    const read = this.tokens.read(token);
    const user = read instanceof Promise ? await read : read;
    if (this.revocations.isRevoked(user.sessionId)) throw ended();
    if (!this.revocations.isCurrent && !(await this.isLive(user))) throw ended();
    return user;
  }

  private isLive({ sessionId }: CallUser): Promise<boolean> {
    const nowMs = this.clock.now().getTime();
    const known = this.asked.get(sessionId);
    if (known && nowMs - known.atMs < ASKED_FOR_MS) return known.live;
    if (this.asked.size >= ASKED_MAX) this.asked.clear();
    const live = this.rpc.client(UserService).checkSession({ sessionId }).then(({ live: isLive }) => isLive);
    // A failed question is not an answer: the next request asks again.
    live.catch(() => this.asked.delete(sessionId));
    this.asked.set(sessionId, { atMs: nowMs, live });
    return live;
  }
}
