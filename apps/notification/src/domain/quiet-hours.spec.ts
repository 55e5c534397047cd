import { rule, usualPreferences } from './preferences';
import { isTimeZone, quietUntil } from './quiet-hours';

const at = (iso: string) => new Date(iso);

describe('quiet hours', () => {
  it('go over midnight, where the reader lives', () => {
    const berlin = { quiet: { from: '22:00', until: '07:30' }, timeZone: 'Europe/Berlin' };
    expect(quietUntil(at('2026-03-02T20:59:59Z'), berlin)).toBeUndefined();
    expect(quietUntil(at('2026-03-02T21:00:10Z'), berlin)).toEqual(at('2026-03-03T06:30:00Z'));
    expect(quietUntil(at('2026-03-03T06:29:59Z'), berlin)).toEqual(at('2026-03-03T06:30:00Z'));
    expect(quietUntil(at('2026-03-03T06:30:00Z'), berlin)).toBeUndefined();
  });

  it('may be of the day', () => {
    const noon = { quiet: { from: '12:00', until: '13:00' }, timeZone: 'UTC' };
    expect(quietUntil(at('2026-03-02T12:15:00Z'), noon)).toEqual(at('2026-03-02T13:00:00Z'));
    expect(quietUntil(at('2026-03-02T13:00:00Z'), noon)).toBeUndefined();
  });

  it('hold back what can wait, and not what protects money or account, nor the inbox', () => {
    const asleep = { ...usualPreferences, quiet: { from: '00:00', until: '23:59' } };
    const [plannedAt, now] = [at('2026-03-02T12:00:00Z'), at('2026-03-02T12:00:01Z')];
    expect(rule({ kind: 'match_buyer', channel: 'email', plannedAt }, asleep, now)).toEqual({ holdUntil: at('2026-03-02T23:59:00Z') });
    expect(rule({ kind: 'password_changed', channel: 'email', plannedAt }, asleep, now)).toEqual({ send: true });
    expect(rule({ kind: 'match_buyer', channel: 'inbox', plannedAt }, asleep, now)).toEqual({ send: true });
  });

  it('know the time zones of the world', () => {
    expect(['Europe/Berlin', 'UTC', 'Mars/Olympus', '', '+02:00'].map(isTimeZone)).toEqual([true, true, false, false, false]);
  });
});

it('news of the moment is not sent a day late', () => {
  const [plannedAt, now] = [at('2026-03-02T12:00:00Z'), at('2026-03-03T12:00:01Z')];
  expect(rule({ kind: 'outbid', channel: 'email', plannedAt }, usualPreferences, now)).toEqual({ drop: 'out_of_date' });
  expect(rule({ kind: 'match_buyer', channel: 'email', plannedAt }, usualPreferences, now)).toEqual({ send: true });
});
