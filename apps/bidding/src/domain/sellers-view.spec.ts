import { sellersView } from './sellers-view';

const rules = { currency: 'USD', tick: 100, min: 2_500, max: 10_000_000 };
const seen = (highestBid: number | undefined, lowestAsk: number | undefined, takesAsks = true) => sellersView(rules, { highestBid, lowestAsk }, takesAsks);

describe('somebody with a pair to sell', () => {
  it('sells faster at the highest bid, or earns more a tick below the lowest ask', () => {
    expect(seen(44_000, 46_000)).toEqual({ spread: 2_000, sellFaster: 44_000, earnMore: 45_900 });
  });

  it('is offered no price by a side that is empty', () => {
    expect(seen(undefined, undefined)).toEqual({ spread: undefined, sellFaster: undefined, earnMore: undefined });
    expect(seen(44_000, undefined)).toEqual({ spread: undefined, sellFaster: 44_000, earnMore: undefined });
    expect(seen(undefined, 46_000)).toEqual({ spread: undefined, sellFaster: undefined, earnMore: 45_900 });
  });

  it('cannot earn more where the bid is a tick below the lowest ask: it would be sold at the bid at once', () => {
    expect(seen(45_900, 46_000)).toEqual({ spread: 100, sellFaster: 45_900, earnMore: undefined });
    expect(seen(45_800, 46_000).earnMore).toBe(45_900);
  });

  it.each([[2_500, undefined], [2_600, 2_500], [10_000_100, 10_000_000], [10_000_200, undefined]])('with a lowest ask of %d is offered %p: never what the market would refuse', (lowestAsk, earnMore) => {
    expect(seen(undefined, lowestAsk).earnMore).toBe(earnMore);
  });

  it.each([[46_030, 46_000], [46_099, 46_000], [46_000, 45_900]])('with a lowest ask of %d, whose tick has changed since, is offered %d', (lowestAsk, earnMore) => {
    expect(seen(undefined, lowestAsk).earnMore).toBe(earnMore);
  });

  it('is offered nothing while the market takes no asks; the spread is what it is', () => {
    expect(seen(44_000, 46_000, false)).toEqual({ spread: 2_000, sellFaster: undefined, earnMore: undefined });
  });
});
