import { accessTokenEnd, forgetAt, judgeRepeat, newSession, usedSession } from './session';

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 20) + seconds * 1000);
const DAY = 86_400;
const client = { ip: '203.0.113.7', userAgent: 'Firefox' };
const session = newSession('ses_1', 'usr_1', client, at(0));

describe('a session', () => {
  it('ends after 7 days without use, and after 30 days in any case', () => {
    expect(session.expiresAt).toEqual(at(7 * DAY));
    expect(usedSession(session, at(6 * DAY)).expiresAt).toEqual(at(13 * DAY));
    expect(usedSession(session, at(29 * DAY)).expiresAt).toEqual(at(30 * DAY));
  });

  it('gives access for 15 minutes at a time, never beyond its own end', () => {
    expect(accessTokenEnd(session, at(0))).toEqual(at(900));
    expect(accessTokenEnd(session, at(30 * DAY - 60))).toEqual(at(30 * DAY));
  });

  it('stays on the list of revoked ones until its last access token has ended, on a clock that is a minute late as well', () => {
    expect(forgetAt(at(0))).toEqual(at(960));
  });
});

describe('a refresh token that is used a second time', () => {
  const token = { usedAt: at(0), isSameClient: true, isRepeated: false, isSuccessorUsed: false };

  it('was a lost answer within 10 seconds, from the same client, once', () => {
    expect(judgeRepeat(token, at(10))).toBe('lost_answer');
    expect(judgeRepeat({ ...token, isRepeated: true }, at(1))).toBe('superseded');
    expect(judgeRepeat({ ...token, isSuccessorUsed: true }, at(1))).toBe('superseded');
  });

  it('was stolen when it comes later, or from elsewhere', () => {
    expect(judgeRepeat(token, at(10.001))).toBe('reuse');
    expect(judgeRepeat({ ...token, isSameClient: false }, at(1))).toBe('reuse');
    expect(judgeRepeat({ ...token, isSameClient: false, isRepeated: true }, at(1))).toBe('reuse');
  });
});
