import { ruleOf, strikeKindOf, strikesCountFrom } from './strikes';

const now = new Date('2026-11-20T12:00:00Z');
const [unpaid, unshipped] = [ruleOf('unpaid_win'), ruleOf('did_not_ship')];

describe('strikes', () => {
  it('end buying at the second unpaid win, and selling at the third sale that is not shipped, for whichever reason', () => {
    expect(unpaid).toMatchObject({ side: 'buying', kinds: ['unpaid_win'], limit: 2 });
    expect(unshipped).toMatchObject({ side: 'selling', kinds: ['did_not_ship', 'seller_cancelled'], limit: 3 });
    expect(ruleOf('seller_cancelled')).toBe(unshipped);
  });

  it('count for 30 days against a buyer and for 90 against a seller', () => {
    expect(strikesCountFrom(unpaid, now, undefined)).toEqual(new Date('2026-10-21T12:00:00Z'));
    expect(strikesCountFrom(unshipped, now, undefined)).toEqual(new Date('2026-08-22T12:00:00Z'));
  });

  it('do not count from before a reinstatement', () => {
    expect(strikesCountFrom(unpaid, now, new Date('2026-11-01T00:00:00Z'))).toEqual(new Date('2026-11-01T00:00:00Z'));
    expect(strikesCountFrom(unshipped, now, new Date('2026-09-01T00:00:00Z'))).toEqual(new Date('2026-09-01T00:00:00Z'));
    expect(strikesCountFrom(unpaid, now, new Date('2026-01-01T00:00:00Z'))).toEqual(new Date('2026-10-21T12:00:00Z'));
  });

  it('are of three kinds', () => {
    expect(strikeKindOf('seller_cancelled')).toBe('seller_cancelled');
    expect(() => strikeKindOf('rude')).toThrow(expect.objectContaining({ code: 'user.strike_unknown' }));
  });
});
