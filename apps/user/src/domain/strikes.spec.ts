import { endsBuying, strikeKindOf, strikesCountFrom } from './strikes';

const now = new Date('2026-11-20T12:00:00Z');

describe('strikes', () => {
  it('end buying at the second unpaid win; a seller\'s strikes do not', () => {
    expect(endsBuying('unpaid_win', 1)).toBe(false);
    expect(endsBuying('unpaid_win', 2)).toBe(true);
    expect(endsBuying('did_not_ship', 5)).toBe(false);
  });

  it('count for 30 days, and not from before a reinstatement', () => {
    expect(strikesCountFrom(now, undefined)).toEqual(new Date('2026-10-21T12:00:00Z'));
    expect(strikesCountFrom(now, new Date('2026-11-01T00:00:00Z'))).toEqual(new Date('2026-11-01T00:00:00Z'));
    expect(strikesCountFrom(now, new Date('2026-01-01T00:00:00Z'))).toEqual(new Date('2026-10-21T12:00:00Z'));
  });

  it('are of three kinds', () => {
    expect(strikeKindOf('seller_cancelled')).toBe('seller_cancelled');
    expect(() => strikeKindOf('rude')).toThrow(expect.objectContaining({ code: 'user.strike_unknown' }));
  });
});
