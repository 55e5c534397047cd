import { DAY, Script } from '../../test/script';

const play = (lines: string) => new Script().play(lines);

describe('an amended quote', () => {
  it('goes to the end of the queue at its new price', () => {
    expect(play(`
      a1 ask sam 450
      a2 ask sue 460
      amend sam a1 460
      b1 bid ann 460
      b2 bid bob 460`).slice(2)).toEqual(['a1 updated', 'b1xa2@460', 'b2xa1@460']);
  });

  it('loses its place even when it comes back to its old price', () => {
    expect(play(`
      a1 ask sam 450
      a2 ask sue 450
      amend sam a1 451
      amend sam a1 450
      b1 bid ann 450`).slice(4)).toEqual(['b1xa2@450']);
  });

  it('keeps its place when only the expiry changes', () => {
    const script = new Script();
    expect(script.play(`
      a1 ask sam 450 1
      a2 ask sue 450
      amend sam a1 - 9
      pass 1
      b1 bid ann 450`).slice(2)).toEqual(['a1 updated', '', 'b1xa1@450']);
    expect(script.quotes.get('a1')?.expiresAt).toBe(1_000_000 + 9 * DAY);
  });

  it('may match at once, at the resting price', () => {
    expect(play(`
      a1 ask sam 450
      b1 bid ann 440
      amend ann b1 470`).slice(2)).toEqual(['b1xa1@450']);
  });

  it('stays where it was when the amendment is refused', () => {
    const script = new Script();
    expect(script.play(`
      a1 ask ann 450
      b1 bid bob 430
      b2 bid ann 430
      b3 bid cat 430
      amend ann b2 455
      amend ann b2 0
      amend ann b2 440 2`).slice(4)).toEqual(['self_match', 'price_too_low', 'expiry_not_offered']);
    expect(script.book('bid')).toBe('b1@430 b2@430 b3@430');
  });

  it('is not amended by whoever saw it before it changed: it keeps its price and its place, and the market does not move', () => {
    const script = new Script();
    script.play(`
      b1 bid ann 430
      b2 bid bob 440
      amend ann b1 440 0 seen=1
      b3 bid cat 440`);
    const steps = script.market.seq;
    expect(script.play(`
      amend ann b1 450 0 seen=1
      amend ann b1 - 7 seen=1
      amend ann b1 450 0 seen=3`)).toEqual(['stale', 'stale', 'stale']);
    expect([script.book('bid'), script.market.seq, script.batches.at(-1)?.isEmpty]).toEqual(['b2@440 b1@440 b3@440', steps, true]);
    expect(script.play(`
      amend ann b1 450 0 seen=2
      amend ann b1 460`)).toEqual(['b1 updated', 'b1 updated']);
  });

  it('has another version after each change, and the same one after none', () => {
    const script = new Script();
    const versions = (lines: string) => lines.trim().split('\n').map((line) => (script.run(line.trim()), script.quotes.get('a1')?.version));
    expect(versions(`
      a1 ask sam 450
      amend sam a1 460
      amend sam a1 460
      amend sam a1 - 7
      facts sam {"addresses":[{"addressId":"mill","versionId":"mill-1"}]}
      b1 bid ann 460
      bust x1 payment_failed
      amend sam a1 470 0 seen=6
      amend sam a1 470 0 seen=7
      cancel sam a1`)).toEqual([1, 2, 2, 3, 4, 5, 6, 7, 7, 8]);
  });

  it('is nobody else\'s to amend, and not after its end', () => {
    expect(play(`
      b1 bid ann 430 1
      amend bob b1 440
      amend bob a1 440
      pass 1
      amend ann b1 440`).slice(1)).toEqual(['quote_not_found', 'quote_not_found', '', 'b1 expired, not_open']);
  });
});

describe('a cancelled quote', () => {
  it('never matches, and is not cancelled twice', () => {
    expect(play(`
      a1 ask sam 450
      cancel sam a1
      b1 bid ann 450
      cancel sam a1`)).toEqual(['a1 rests@450', 'a1 cancelled(user)', 'b1 rests@450', 'quote_not_found']);
  });

  it('can be taken back while its market is halted', () => {
    expect(play(`
      a1 ask sam 450
      halt
      cancel sam a1
      amend sam a1 440`).slice(1)).toEqual(['halted', 'a1 cancelled(user)', 'quote_not_found']);
  });
});
