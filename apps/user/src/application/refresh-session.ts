import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { refreshInvalid, refreshReused, refreshSuperseded, sessionEnded } from '../domain/errors';
import { type Client, judgeRepeat, type Session, usedSession } from '../domain/session';
import { PlanMessage } from './plan-message';
import { RefreshTokens, Sessions } from './ports';
import { StartSession, type Tokens } from './start-session';

type Outcome = Tokens | 'unknown' | 'ended' | 'superseded' | 'reuse';

/** Exchanges a refresh token for the next one. Its session is locked, so that of any number at once only one is the first. */
@Injectable()
export class RefreshSession {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly refreshTokens: RefreshTokens,
    private readonly starts: StartSession,
    private readonly planning: PlanMessage,
    private readonly wall: WallClock,
  ) {}

  async execute(token: string, client: Client): Promise<Tokens> {
    // The end of a family must be committed before the refusal is thrown, which would roll it back.
    const outcome = await this.transactions.run((tx) => this.exchange(tx, token, client));
    switch (outcome) {
      case 'unknown':
        throw refreshInvalid();
      case 'ended':
        throw sessionEnded();
      case 'superseded':
        throw refreshSuperseded();
      case 'reuse':
        throw refreshReused();
      default:
        return outcome;
    }
  }

  private async exchange(tx: Transaction, token: string, client: Client): Promise<Outcome> {
    const now = this.wall.now();
    const hash = this.refreshTokens.hash(token);
    const session = await this.sessions.lockByToken(tx, hash, now);
    if (session === 'unknown' || session === 'ended') return session;
    const fingerprint = this.refreshTokens.fingerprint(client);
    const nonce = this.refreshTokens.nonce();
    if (!(await this.sessions.useToken(tx, { hash, client: fingerprint, nonce, at: now }))) return this.repeat(tx, { token, hash, fingerprint }, session);
    const next = this.refreshTokens.successor(token, nonce);
    const used = usedSession(session, now);
    await this.sessions.addToken(tx, used, this.refreshTokens.hash(next));
    return this.starts.proceed(tx, used, next);
  }

  private async repeat(tx: Transaction, { token, hash, fingerprint }: { token: string; hash: string; fingerprint: string }, session: Session): Promise<Outcome> {
    const now = this.wall.now();
    const used = await this.sessions.usedToken(tx, hash, fingerprint);
    const verdict = judgeRepeat(used, now);
    if (verdict === 'superseded') return verdict;
    if (verdict === 'reuse') {
      await this.sessions.revoke(tx, session.userId, { only: session.id }, { at: now, why: 'token_reused' });
      await this.planning.notice(tx, await this.starts.ownerOf(tx, session), 'sessions_ended');
      return verdict;
    }
    await this.sessions.markRepeated(tx, hash);
    return this.starts.proceed(tx, session, this.refreshTokens.successor(token, used.nonce));
  }
}
