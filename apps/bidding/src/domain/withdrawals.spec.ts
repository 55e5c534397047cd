import { Script } from '../../test/script';

const play = (lines: string) => new Script().play(lines);

describe('quotes that end or change without their owner', () => {
  it('expire at their instant, not a moment before', () => {
    const script = new Script();
    script.play(`b1 bid ann 440 1
      b2 bid bob 430 3`);
    script.now += 86_399_999;
    expect(script.run('sweep')).toBe('');
    script.now += 1;
    expect(script.run('sweep')).toBe('b1 expired');
  });

  it('end with a suspension, each in a step of its own, and do not come back', () => {
    const script = new Script();
    expect(script.play(`b1 bid ann 440
      a1 ask ann 500
      b2 bid bob 430
      suspend ann`)[3]).toBe('b1 cancelled(suspended), a1 cancelled(suspended)');
    expect(script.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  });

  it('of a user whose buying is suspended, only the bids end', () => {
    expect(play(`b1 bid ann 440
      a1 ask ann 500
      suspend ann buying`)[2]).toBe('b1 cancelled(suspended)');
  });

  it('of a user whose selling is suspended, only the asks end, those that wait for a halted market to open among them', () => {
    expect(play(`b1 bid ann 440
      a1 ask ann 500
      a2 ask ann 510
      a3 ask sam 505
      halt
      suspend ann selling
      resume`).slice(5)).toEqual(['a1 cancelled(suspended), a2 cancelled(suspended)', 'resumed']);
  });

  it('of a suspension whose scope is not known, all end', () => {
    expect(play(`b1 bid ann 440
      a1 ask ann 500
      suspend ann lending`)[2]).toBe('b1 cancelled(suspended), a1 cancelled(suspended)');
  });

  it('take the default when their card or address is gone, and end when there is none', () => {
    const script = new Script();
    script.run('b1 bid ann 440');
    expect(script.run('facts ann {"paymentMethodIds":["ann-other"]}')).toBe('b1 updated');
    expect(script.quotes.get('b1')).toMatchObject({ paymentMethodId: 'ann-other', prio: 1 });
    expect(script.run('facts ann {"addresses":[{"addressId":"h","versionId":"ann-home-2"},{"addressId":"w","versionId":"ann-work"}]} ann-work')).toBe('b1 updated');
    expect(script.quotes.get('b1')?.addressVersionId).toBe('ann-work');
    expect(script.run('facts ann {}')).toBe('');
    expect(script.run('facts ann {"paymentMethodIds":[]}')).toBe('b1 cancelled(payment_method_removed)');
  });

  it('end when the payout account is disabled, if they are asks', () => {
    expect(play(`b1 bid ann 440
      a1 ask ann 500
      facts ann {"payoutEnabled":false}`)[2]).toBe('a1 cancelled(payout_account_disabled)');
  });

  it('end with their market', () => {
    expect(play(`b1 bid ann 440
      a1 ask sam 500
      retire
      b2 bid ann 440`).slice(2)).toEqual(['b1 cancelled(market_retired), a1 cancelled(market_retired)', 'market_retired']);
  });
});
