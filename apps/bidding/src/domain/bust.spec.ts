import { Script } from '../../test/script';

const play = (lines: string) => new Script().play(lines);
/** a1 of sam and b1 of ann have met at 450, as match x1. */
const MATCHED = `a1 ask sam 450 30
      b1 bid ann 450 30`;

describe('a match that is bust', () => {
  it('payment failed: the ask comes back, the bid ends', () => {
    expect(play(`${MATCHED}
      bust x1 payment_failed`).slice(2)).toEqual(['bust x1: b1 cancelled(payment_failed) a1 active']);
  });

  it('reserve failed: the bid comes back, the ask ends', () => {
    expect(play(`${MATCHED}
      bust x1 reserve_failed`).slice(2)).toEqual(['bust x1: b1 active a1 cancelled(reserve_failed)']);
  });

  it.each(['seller_cancelled', 'did_not_ship', 'inspection_failed', 'lost_inbound', 'lost_outbound', 'admin'])('%s, after payment: neither comes back', (reason) => {
    expect(play(`${MATCHED}
      bust x1 ${reason}`).slice(2)).toEqual(['bust x1: b1 matched a1 matched']);
  });

  it('is bust once, however often it is asked for', () => {
    const script = new Script();
    script.play(`${MATCHED}
      bust x1 payment_failed`);
    expect(script.run('bust x1 payment_failed')).toBe('');
    expect(script.market.seq).toBe(3);
  });

  it('is refused for want of payment when it is paid', () => {
    const script = new Script();
    script.play(MATCHED);
    Object.assign(script.matches[0] as object, { state: 'completed' });
    expect(script.run('bust x1 payment_failed')).toBe('match_completed');
    expect(script.run('bust x1 did_not_ship')).toBe('bust x1: b1 matched a1 matched');
  });
});

describe('the side that returns', () => {
  it('has its old place again, before younger quotes of its price', () => {
    expect(play(`${MATCHED}
      a2 ask sue 450
      bust x1 payment_failed
      b2 bid bob 450
      b3 bid cat 450`).slice(4)).toEqual(['b2xa1@450', 'b3xa2@450']);
  });

  it('1. past its expiry: expired', () => {
    expect(play(`a1 ask sam 450 1
      b1 bid ann 450
      pass 1
      suspend sam
      bust x1 payment_failed do_not_relist`).slice(4)).toEqual(['bust x1: b1 cancelled(payment_failed) a1 expired']);
  });

  it('2. its user suspended, or the market retired: cancelled', () => {
    expect(play(`${MATCHED}
      suspend sam
      halt
      bust x1 payment_failed do_not_relist`).slice(4)).toEqual(['bust x1: b1 cancelled(payment_failed) a1 cancelled(suspended)']);
    expect(play(`${MATCHED}
      retire
      bust x1 reserve_failed do_not_relist`).slice(3)).toEqual(['bust x1: b1 cancelled(market_retired) a1 cancelled(reserve_failed)']);
    expect(play(`${MATCHED}
      suspend ann buying
      bust x1 reserve_failed`).slice(3)).toEqual(['bust x1: b1 cancelled(suspended) a1 cancelled(reserve_failed)']);
    expect(play(`${MATCHED}
      suspend sam selling
      bust x1 payment_failed`).slice(3)).toEqual(['bust x1: b1 cancelled(payment_failed) a1 cancelled(suspended)']);
  });

  it('3. its owner said "do not relist": cancelled', () => {
    expect(play(`${MATCHED}
      halt
      bust x1 payment_failed do_not_relist`).slice(3)).toEqual(['bust x1: b1 cancelled(payment_failed) a1 cancelled(user)']);
  });

  it('4. market halted: inactive outside the book, and in its old place at the resume', () => {
    const script = new Script();
    expect(script.play(`${MATCHED}
      a2 ask sue 450
      b2 bid bob 440
      halt
      bust x1 payment_failed`).slice(4)).toEqual(['halted', 'bust x1: b1 cancelled(payment_failed) a1 inactive']);
    expect(script.book('ask')).toBe('a2@450');
    expect(script.play(`resume
      b3 bid cat 450`)).toEqual(['resumed, a1 rests@450', 'b3xa1@450']);
  });

  it('those that waited for the resume enter in their old order', () => {
    expect(play(`a1 ask sam 450
      b1 bid ann 450
      a2 ask sue 450
      b2 bid bob 450
      a3 ask sid 450
      b3 bid cat 450
      halt
      bust x2 reserve_failed
      bust x1 reserve_failed
      bust x3 payment_failed
      resume`).at(-1)).toBe('resumed, b1 rests@450, b2 rests@450, b1xa3@450');
  });

  it('5. would meet its owner\'s own quote: cancelled', () => {
    expect(play(`${MATCHED}
      b2 bid sam 450
      bust x1 payment_failed`).slice(3)).toEqual(['bust x1: b1 cancelled(payment_failed) a1 cancelled(self_match)']);
  });

  it('6. Buy Now and Sell Now: once more at the limit, else cancelled', () => {
    expect(play(`a1 ask sam 450
      b1 buy ann 460
      bust x1 reserve_failed`).slice(2)).toEqual(['bust x1: b1 cancelled(no_liquidity) a1 cancelled(reserve_failed)']);
    expect(play(`a1 ask sam 450
      a2 ask sue 455
      b1 buy ann 460
      bust x1 reserve_failed`).slice(3)).toEqual(['bust x1: b1 matched a1 cancelled(reserve_failed), b1xa2@455']);
    expect(play(`a1 ask sam 450
      a2 ask sue 465
      b1 buy ann 460
      bust x1 reserve_failed`).slice(3)).toEqual(['bust x1: b1 cancelled(no_liquidity) a1 cancelled(reserve_failed)']);
  });

  it('7. else it enters with its old priority, and may match at once, never at a price worse than its own', () => {
    expect(play(`${MATCHED}
      b2 bid bob 455
      bust x1 payment_failed`).slice(3)).toEqual(['bust x1: b1 cancelled(payment_failed) a1 matched, b2xa1@455']);
  });

  it('is not pinned to a card or an address that was removed meanwhile', () => {
    const script = new Script();
    script.play(MATCHED);
    script.run('facts ann {"paymentMethodIds":["ann-other"]}');
    expect(script.run('bust x1 reserve_failed')).toBe('bust x1: b1 active a1 cancelled(reserve_failed)');
    expect(script.quotes.get('b1')?.paymentMethodId).toBe('ann-other');
    const other = new Script();
    other.play(MATCHED);
    other.run('facts ann {"addresses":[]}');
    expect(other.run('bust x1 reserve_failed')).toBe('bust x1: b1 cancelled(address_removed) a1 cancelled(reserve_failed)');
  });
});
