import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { sessionNotFound } from '../domain/errors';
import { type SessionEnd, Sessions } from './ports';

/** Logout ends one's own session; the list of sessions can end any of one's own. Somebody else's does not exist. */
@Injectable()
export class EndSessions {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly wall: WallClock,
  ) {}

  /** Logging out twice is logging out once. */
  async logOut(userId: string, sessionId: string): Promise<void> {
    await this.end(userId, sessionId, 'logout');
  }

  async revoke(userId: string, sessionId: string): Promise<void> {
    if ((await this.end(userId, sessionId, 'revoked')) === 0) throw sessionNotFound(sessionId);
  }

  private end(userId: string, sessionId: string, why: SessionEnd): Promise<number> {
    return this.transactions.run((tx) => this.sessions.revoke(tx, userId, { only: sessionId }, { at: this.wall.now(), why }));
  }
}
