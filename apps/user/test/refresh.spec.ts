import { type RefreshResponse, UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { WallClock } from '@libs/kernel/clock';
import { uuidOf } from '@libs/kernel/ids';
import type { TestService } from '@libs/testing/start-test-service';
import { FIREFOX, found, Person, START_MS_MAX, startUserService } from './people';

const THIEF = { ip: '198.51.100.66', userAgent: 'curl' };

let service: TestService;
beforeAll(async () => {
  service = await startUserService();
}, START_MS_MAX);
afterAll(() => service.stop());

const refresh = (refreshToken: string, client = FIREFOX) => service.client(UserService).refresh({ refreshToken, client });
const tokenOf = ({ tokens }: RefreshResponse) => found(tokens).refreshToken;
const session = (person: Person) => uuidOf('ses', person.tokens.sessionId);
const heads = (person: Person) =>
  service.sql.query('select 1 from refresh_tokens t join sessions s on s.id = t.session_id where s.id = $1 and t.used_at is null and s.revoked_at is null', [session(person)]);
const later = (seconds: number, person: Person) =>
  service.sql.query(`update refresh_tokens set used_at = used_at - make_interval(secs => $2) where session_id = $1`, [session(person), seconds]);

describe('a refresh token', () => {
  it('is exchanged for the next one, in the same session', async () => {
    const ann = await Person.registers(service);
    const first = await refresh(ann.tokens.refreshToken);
    expect(first.tokens).toMatchObject({ sessionId: ann.tokens.sessionId });
    expect(tokenOf(first)).not.toBe(ann.tokens.refreshToken);
    const second = await refresh(tokenOf(first));
    expect(await heads(ann)).toHaveLength(1);
    expect(tokenOf(await refresh(tokenOf(second)))).toHaveLength(43);
  });

  it('gives the same successor once more when its answer was lost, to the same client, within 10 seconds', async () => {
    const ann = await Person.registers(service);
    const wall = jest.spyOn(service.app.get(WallClock), 'now');
    const lostAtMs = Date.now();
    wall.mockReturnValue(new Date(lostAtMs));
    const lost = await refresh(ann.tokens.refreshToken);
    wall.mockReturnValue(new Date(lostAtMs + 10_000));
    const again = await refresh(ann.tokens.refreshToken);
    expect(tokenOf(again)).toBe(tokenOf(lost));
    await expect(refresh(ann.tokens.refreshToken)).rejects.toMatchObject({ code: 'user.refresh_superseded', kind: 'conflict' });
    expect(await ann.isLoggedIn()).toBe(true);
    expect(tokenOf(await refresh(tokenOf(again)))).toHaveLength(43);
    wall.mockRestore();
  });

  it('is not given out again once its successor is in use, and nobody is harmed', async () => {
    const ann = await Person.registers(service);
    await refresh(tokenOf(await refresh(ann.tokens.refreshToken)));
    await expect(refresh(ann.tokens.refreshToken)).rejects.toMatchObject({ code: 'user.refresh_superseded' });
    expect(await ann.isLoggedIn()).toBe(true);
  });

  it.each([
    ['11 seconds later', 11, FIREFOX],
    ['by somebody else', 1, THIEF],
  ])('ends the whole session when it is used again %s', async (_, seconds, client) => {
    const ann = await Person.registers(service);
    const next = tokenOf(await refresh(ann.tokens.refreshToken));
    await later(seconds, ann);
    await expect(refresh(ann.tokens.refreshToken, client)).rejects.toMatchObject({ code: 'user.refresh_reused', kind: 'unauthenticated' });
    expect(await ann.isLoggedIn()).toBe(false);
    await expect(refresh(next)).rejects.toMatchObject({ code: 'user.session_ended' });
    expect(await heads(ann)).toEqual([]);
  });

  it('ends the session of the thief as well, when the owner comes second', async () => {
    const ann = await Person.registers(service);
    const stolen = tokenOf(await refresh(ann.tokens.refreshToken, THIEF));
    await expect(refresh(ann.tokens.refreshToken)).rejects.toMatchObject({ code: 'user.refresh_reused' });
    await expect(refresh(stolen, THIEF)).rejects.toMatchObject({ code: 'user.session_ended' });
  });

  it('has one successor when 50 come at once: one exchange, one repeat of it, and a session that lives', async () => {
    const ann = await Person.registers(service);
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => refresh(ann.tokens.refreshToken)));
    const answers = results.flatMap((one) => (one.status === 'fulfilled' ? [tokenOf(one.value)] : []));
    const refusals = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(answers).toHaveLength(2);
    expect(new Set(answers).size).toBe(1);
    expect(new Set(refusals)).toEqual(new Set(['user.refresh_superseded']));
    expect(await heads(ann)).toHaveLength(1);
    expect(await ann.isLoggedIn()).toBe(true);
  });

  it('has no living successor when 50 come at once from two places: the session is over', async () => {
    const ann = await Person.registers(service);
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => refresh(ann.tokens.refreshToken, n % 2 ? FIREFOX : THIEF)));
    const codes = new Set(results.map((one) => (one.status === 'rejected' ? one.reason.code : 'answered')));
    expect(codes).toContain('user.refresh_reused');
    expect(await heads(ann)).toEqual([]);
  });

  it('is refused when nobody knows it, and when its session has ended or was not used for 7 days', async () => {
    await expect(refresh('no such token')).rejects.toMatchObject({ code: 'user.refresh_invalid', kind: 'unauthenticated' });
    const ann = await Person.registers(service);
    await ann.asks.logout({});
    await expect(refresh(ann.tokens.refreshToken)).rejects.toMatchObject({ code: 'user.session_ended' });
    const idle = await Person.registers(service);
    expect(await idle.isLoggedIn()).toBe(true);
    await service.sql.query(`update sessions set expires_at = expires_at - interval '7 days' where id = $1`, [session(idle)]);
    await expect(refresh(idle.tokens.refreshToken)).rejects.toMatchObject({ code: 'user.session_ended' });
  });

  it('carries the session no further than 30 days from the login', async () => {
    const ann = await Person.registers(service);
    await service.sql.query(`update sessions set ends_at = now() + interval '5 minutes', expires_at = now() + interval '5 minutes' where id = $1`, [session(ann)]);
    const { tokens } = await refresh(ann.tokens.refreshToken);
    const [row] = await service.sql.query<{ ends: Date }>('select ends_at as ends from sessions where id = $1', [session(ann)]);
    expect(tokens?.refreshExpiresAt?.seconds).toBe(BigInt(Math.floor(found(row).ends.getTime() / 1000)));
    expect(tokens?.accessExpiresAt?.seconds).toBe(tokens?.refreshExpiresAt?.seconds);
  });
});
