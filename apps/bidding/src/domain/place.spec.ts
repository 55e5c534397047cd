import { Script } from '../../test/script';

const play = (lines: string) => new Script().play(lines);

describe('a new quote', () => {
  it('matches at the resting price, not at its own', () => {
    expect(play(`
      a1 ask sam 450
      b1 bid ann 470`)).toEqual(['a1 rests@450', 'b1xa1@450']);
    expect(play(`
      b1 bid ann 470
      a1 ask sam 450`)).toEqual(['b1 rests@470', 'b1xa1@470']);
  });

  it('takes the best price first, then the oldest', () => {
    expect(play(`
      a1 ask sam 460
      a2 ask sue 450
      a3 ask sid 450
      b1 bid ann 460
      b2 bid bob 460
      b3 bid cat 460`).slice(3)).toEqual(['b1xa2@450', 'b2xa3@450', 'b3xa1@460']);
    expect(play(`
      b1 bid ann 440
      b2 bid bob 450
      b3 bid cat 450
      a1 ask sam 440
      a2 ask sue 440
      a3 ask sid 440`).slice(3)).toEqual(['b2xa1@450', 'b3xa2@450', 'b1xa3@440']);
  });

  it('rests when nothing crosses, and a book never stays crossed or locked', () => {
    const script = new Script();
    expect(script.play(`
      a1 ask sam 450
      b1 bid ann 449
      a2 ask sue 449`)).toEqual(['a1 rests@450', 'b1 rests@449', 'b1xa2@449']);
    expect(script.book('ask')).toBe('a1@450');
    expect(script.book('bid')).toBe('');
  });

  it('is refused when it would meet its own user first, and leaves the book as it was', () => {
    const script = new Script();
    expect(script.play(`
      a1 ask ann 440
      a2 ask sam 445
      b1 bid ann 450
      b2 bid bob 440`)).toEqual(['a1 rests@440', 'a2 rests@445', 'self_match', 'b2xa1@440']);
    expect(script.market.seq).toBe(3);
  });

  it('never meets a quote past its expiry, which expires on the way', () => {
    expect(play(`
      a1 ask sam 450 1
      a2 ask sue 460 2
      pass 1
      b1 bid ann 470`)).toEqual(['a1 rests@450', 'a2 rests@460', '', 'a1 expired, b1xa2@460']);
  });

  it.each([
    ['b1 bid ann 0', 'price_too_low'], ['b1 bid ann 2000000', 'price_too_high'], ['b1 bid ann 450.5', 'price_too_high'], ['b1 bid ann 450 2', 'expiry_not_offered'],
    ['a1 ask ann 450 366', 'expiry_not_offered'], ['a1 ask ann 450 1.5', 'expiry_not_offered'], ['b1 bid ann NaN', 'price_too_high'],
  ])('%s is refused: %s', (line, code) => {
    expect(play(line)).toEqual([code]);
  });

  it('keeps to the tick of its market', () => {
    const script = new Script();
    script.market.terms = { ...script.market.terms, tick: 100 };
    expect(script.play('b1 bid ann 150\nb2 bid ann 200')).toEqual(['price_tick', 'b2 rests@200']);
  });

  it('needs a card and an address for a bid, a payout account and an address for an ask', () => {
    const script = new Script();
    Object.assign(script.trader('cat'), { paymentMethodIds: [] });
    Object.assign(script.trader('dan'), { addresses: [] });
    Object.assign(script.trader('eve'), { payoutEnabled: false });
    expect(script.play(`
      b1 bid cat 450
      a1 ask cat 500
      b2 bid dan 450
      b3 bid eve 450
      a2 ask eve 500`)).toEqual(['payment_method_required', 'a1 rests@500', 'address_required', 'b3 rests@450', 'payout_account_required']);
  });

  it('is pinned to the defaults of its moment', () => {
    const script = new Script();
    script.run('b1 bid ann 450');
    expect(script.quotes.get('b1')).toMatchObject({ paymentMethodId: 'ann-card', addressVersionId: 'ann-home-1' });
  });

  it('is refused to those who have as many open as one may have; Buy Now is not', () => {
    const script = new Script({ maxOpenQuotes: 2 });
    expect(script.play(`
      a1 ask sam 450
      b1 bid ann 10
      b2 bid ann 11
      b3 bid ann 12
      b4 buy ann 450
      cancel ann b1
      b5 bid ann 12`).slice(3)).toEqual(['too_many_quotes', 'b4xa1@450', 'b1 cancelled(user)', 'b5 rests@12']);
  });

  it('is refused to a buyer whose open bids would come to more than they may; what ends, and what matches, makes room again', () => {
    const script = new Script({ maxOpenExposure: 1_000 });
    expect(script.play(`
      b1 bid ann 400
      b2 bid ann 600
      b3 bid ann 1
      b4 bid bob 1000
      a1 ask ann 5000
      cancel ann b1
      b5 bid ann 401
      b6 bid ann 400`)).toEqual(['b1 rests@400', 'b2 rests@600', 'exposure_exceeded', 'b4 rests@1000', 'a1 rests@5000', 'b1 cancelled(user)', 'exposure_exceeded', 'b6 rests@400']);
    expect(script.play(`
      b7 buy ann 5000
      a2 ask sam 1000
      a3 ask sam 600
      b8 bid ann 600`)).toEqual(['self_match', 'b4xa2@1000', 'b2xa3@600', 'b8 rests@600']);
  });

  it('takes no higher price than one\'s open bids may come to, and a lower one whatever they come to', () => {
    const script = new Script({ maxOpenExposure: 1_000 });
    expect(script.play(`
      b1 bid ann 400
      b2 bid ann 600
      amend ann b1 401
      amend ann b1 300
      amend ann b2 700
      amend ann b2 - 7
      b3 bid ann 1`)).toEqual(['b1 rests@400', 'b2 rests@600', 'exposure_exceeded', 'b1 updated', 'b2 updated', 'b2 updated', 'exposure_exceeded']);
  });

  it('is refused in a halted market, to suspended users, and to buyers and sellers whose buying or selling is suspended', () => {
    expect(play(`
      halt
      b1 bid ann 450
      resume
      suspend ann
      b2 bid ann 450
      suspend bob buying
      b3 bid bob 450
      a3 ask bob 460
      suspend sam selling
      a4 ask sam 460
      a5 sell sam 400
      b4 bid sam 450`)).toEqual(['halted', 'market_halted', 'resumed', '', 'user_suspended', '', 'user_suspended', 'a3 rests@460', '', 'selling_suspended', 'selling_suspended', 'b4 rests@450']);
  });
});

describe('Buy Now and Sell Now', () => {
  it('take the best of the other side within their limit', () => {
    expect(play(`
      a1 ask sam 450
      a2 ask sue 440
      b1 buy ann 445
      b2 bid bob 430
      a3 sell sid 420`).slice(2)).toEqual(['b1xa2@440', 'b2 rests@430', 'b2xa3@430']);
  });

  it('never rest: they are told the price that moved, or that nobody is there', () => {
    const script = new Script();
    expect(script.play(`
      b1 buy ann 445
      a1 ask sam 450
      b2 buy ann 445`)).toEqual(['no_quotes', 'a1 rests@450', 'price_moved']);
    expect(script.floor.openQuotes).toBe(1);
    expect(script.quotes.size).toBe(1);
  });
});
