/** What a session may last. Tokens and sessions live by the machine's time, not by the business clock. */
export const ACCESS_TOKEN_MS = 15 * 60_000;
const IDLE_MS = 7 * 24 * 3_600_000;
const ABSOLUTE_MS = 30 * 24 * 3_600_000;
const GRACE_MS = 10_000;
/** How far the clocks of two machines may disagree about the end of a token. */
const CLOCK_SKEW_MS = 60_000;
export const SESSIONS_MAX = 20;

/** Who holds a session, as far as requests show it. */
export interface Client {
  readonly ip: string;
  readonly userAgent: string;
}

/** One login: the family of all refresh tokens that followed from it. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly client: Client;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** When it ends unless it is used before. */
  readonly expiresAt: Date;
  /** When it ends in any case. */
  readonly endsAt: Date;
}

export function newSession(id: string, userId: string, client: Client, now: Date): Session {
  const endsAt = new Date(now.getTime() + ABSOLUTE_MS);
  return { id, userId, client, createdAt: now, lastUsedAt: now, expiresAt: idleEnd(now, endsAt), endsAt };
}

export function usedSession(session: Session, now: Date): Session {
  return { ...session, lastUsedAt: now, expiresAt: idleEnd(now, session.endsAt) };
}

export function accessTokenEnd(session: Session, now: Date): Date {
  return new Date(Math.min(now.getTime() + ACCESS_TOKEN_MS, session.endsAt.getTime()));
}

/** After this, no access token of a session that was revoked at `revokedAt` can be valid anywhere. */
export function forgetAt(revokedAt: Date): Date {
  return new Date(revokedAt.getTime() + ACCESS_TOKEN_MS + CLOCK_SKEW_MS);
}

/** A refresh token that has been exchanged before. */
export interface UsedToken {
  readonly usedAt: Date;
  readonly isSameClient: boolean;
  /** Its successor has been handed out a second time. */
  readonly isRepeated: boolean;
  readonly isSuccessorUsed: boolean;
}

/**
 * What a second use of a refresh token means. Within 10 s and from the same client it is an answer that got lost: the same successor is handed out,
 * once; further ones of a volley get nothing, and harm nothing. Anything else is theft, of this token or of the newer one.
 */
export function judgeRepeat(token: UsedToken, now: Date): 'lost_answer' | 'superseded' | 'reuse' {
  if (!token.isSameClient || now.getTime() - token.usedAt.getTime() > GRACE_MS) return 'reuse';
  return token.isRepeated || token.isSuccessorUsed ? 'superseded' : 'lost_answer';
}

function idleEnd(now: Date, endsAt: Date): Date {
  return new Date(Math.min(now.getTime() + IDLE_MS, endsAt.getTime()));
}
