import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { invariant } from '@libs/kernel/invariant';
import { Ids } from '@libs/kernel/ids';
import type { Transaction } from '@libs/postgres/transaction';
import { accessTokenEnd, type Client, newSession, type Session, SESSIONS_MAX } from '../domain/session';
import type { User } from '../domain/user';
import { AccessTokens, RefreshTokens, Sessions, Users } from './ports';

export interface Tokens {
  readonly accessToken: string;
  readonly accessExpiresAt: Date;
  readonly refreshToken: string;
  readonly refreshExpiresAt: Date;
  readonly sessionId: string;
}

/** What Register and Login end with. The caller holds the user's lock, so that no change of roles or password can slip in between. */
@Injectable()
export class StartSession {
  constructor(
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly ids: Ids,
    private readonly wall: WallClock,
  ) {}

  async execute(tx: Transaction, user: User, client: Client): Promise<Tokens> {
    const now = this.wall.now();
    const session = newSession(this.ids.next('ses'), user.id, client, now);
    const token = this.refreshTokens.fresh();
    await this.sessions.revoke(tx, user.id, { beyond: SESSIONS_MAX - 1 }, { at: now, why: 'too_many' });
    await this.sessions.open(tx, session, this.refreshTokens.hash(token));
    return this.tokens(session, user, token, now);
  }

  /** The same session goes on, with another refresh token. */
  async proceed(tx: Transaction, session: Session, refreshToken: string): Promise<Tokens> {
    return this.tokens(session, await this.ownerOf(tx, session), refreshToken, this.wall.now());
  }

  async ownerOf(tx: Transaction, session: Session): Promise<User> {
    const user = await this.users.find(session.userId, tx);
    invariant(user, 'a session without a user');
    return user;
  }

  /** An access token for the session as it is now, beside its refresh token. */
  private tokens(session: Session, user: User, refreshToken: string, now: Date): Tokens {
    const accessExpiresAt = accessTokenEnd(session, now);
    return {
      accessToken: this.accessTokens.issue({ userId: user.id, sessionId: session.id, roles: user.roles }, now, accessExpiresAt),
      accessExpiresAt,
      refreshToken,
      refreshExpiresAt: session.expiresAt,
      sessionId: session.id,
    };
  }
}
