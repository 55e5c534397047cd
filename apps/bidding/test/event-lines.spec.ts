import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { eventOf, isEventName, parseLine } from '@libs/events/event-line';
import { EventLines } from '../src/adapters/postgres/event-lines';
import { Script } from './script';
import { ids } from './writer-harness';

/** The lines are written by hand: each kind must read, through the contracts, as what happened. */
describe('the lines of a committed batch', () => {
  const script = new Script();
  script.market.terms = { ...script.market.terms, size: '10 "wide"\n' };
  script.play(`
    a1 ask sam 450
    a2 ask sue 460
    amend sue a2 455
    b1 bid ann 440
    cancel ann b1
    b2 bid ann 450
    bust x1 payment_failed
    b3 buy bob 460
    halt
    resume
    b4 bid cat 430 1
    pass 1
    sweep
    bust x2 reserve_failed`);
  const lines = new EventLines(ids).format(script.events, script.now, ['00-trace-01', undefined, '00-trace-03']).split('\n').map(parseLine);
  const event = (at: number) => {
    const { type, payload } = lines[at] as (typeof lines)[number];
    if (!isEventName(type)) throw new Error(`${type} is no event`);
    return { type, ...eventOf(type, payload) };
  };
  const usd = (minor: bigint) => ({ currency: 'USD', minor });

  it('are one for each step, numbered within their topic', () => {
    expect(lines.map(({ type }) => type)).toEqual([
      'ask.placed', 'ask.placed', 'ask.updated', 'bid.placed', 'bid.cancelled', 'match.created', 'trade.busted', 'match.created', 'market.halted', 'market.resumed', 'bid.placed', 'bid.expired', 'trade.busted', 'match.created',
    ]);
    expect(lines.filter(({ topic }) => topic === 'markets').map(({ kseq }) => kseq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(lines.filter(({ topic }) => topic === 'matches.created').map(({ kseq }) => kseq)).toEqual([1, 2, 3, 4, 5]);
    expect(lines.map((_, i) => (event(i) as unknown as { marketSeq: bigint }).marketSeq)).toEqual(lines.map((_, i) => BigInt(i + 1)));
    expect(new Set(lines.map(({ headers }) => headers.id)).size).toBe(lines.length);
    expect(lines[0]?.headers.at).toBe(new Date(script.now).toISOString());
    expect(lines.slice(0, 4).map(({ headers }) => headers.traceparent)).toEqual(['00-trace-01', undefined, '00-trace-03', undefined]);
  });

  it('a quote that rests is there whole', () => {
    expect(event(0)).toMatchObject({
      marketId: 'm', quote: {
        id: 'a1', marketId: 'm', side: 'ask', price: usd(450n), status: 'active', reason: '', userId: 'sam', priority: 1n, paymentMethodId: '', addressVersionId: 'sam-home-1', immediate: false,
        placedAt: timestampFromMs(1_000_000), expiresAt: timestampFromMs(1_000_000 + 365 * 86_400_000),
      },
    });
    expect(event(2)).toMatchObject({ quote: { id: 'a2', price: usd(455n), priority: 3n } });
    expect(event(4)).toMatchObject({ quote: { id: 'b1', status: 'cancelled', reason: 'user', paymentMethodId: 'ann-card' } });
    expect(event(11)).toMatchObject({ quote: { id: 'b4', status: 'expired' } });
  });

  it('a match carries what a purchase needs, and the incoming quote', () => {
    expect(event(7)).toMatchObject({
      matchId: 'x2', productId: 'p', size: '10 "wide"\n', bidId: 'b3', askId: 'a1', buyerId: 'bob', sellerId: 'sam', price: usd(450n), matchedAt: timestampFromMs(1_000_000),
      incoming: { id: 'b3', immediate: true, matchId: 'x2', status: 'matched', price: usd(460n) }, bidAcceptedAt: timestampFromMs(1_000_000), askAcceptedAt: timestampFromMs(1_000_000),
      paymentMethodId: 'bob-card', buyerAddressVersionId: 'bob-home-1', sellerAddressVersionId: 'sam-home-1',
    });
  });

  it('a bust shows both sides as they are afterwards, and the match that follows at once', () => {
    expect(event(6)).toMatchObject({ matchId: 'x1', reason: 'payment_failed', bid: { id: 'b2', status: 'cancelled', reason: 'payment_failed' }, ask: { id: 'a1', status: 'active', priority: 1n, matchId: '' } });
    expect(event(12)).toMatchObject({ matchId: 'x2', bid: { id: 'b3', status: 'matched', matchId: 'x3' }, ask: { status: 'cancelled', reason: 'reserve_failed' } });
    expect(event(13)).toMatchObject({ matchId: 'x3', incoming: { id: 'b3', matchId: 'x3' }, price: usd(455n) });
    expect(event(8)).toMatchObject({ reason: 'test' });
  });
});
