import { type PriceRules, refusePrice } from './price-rules';

/** The best prices of a book, as somebody with a pair to sell reads them. */
export interface SellersView {
  /** From the highest bid to the lowest ask; none while one of them is missing. */
  readonly spread: number | undefined;
  /** What a sale at once brings: the highest bid. */
  readonly sellFaster: number | undefined;
  /** The dearest price that is first in line: one tick below the lowest ask. */
  readonly earnMore: number | undefined;
}

export interface BestPrices {
  readonly highestBid: number | undefined;
  readonly lowestAsk: number | undefined;
}

/** Says only what can be done: a market that takes no asks offers no price for one, and no price is offered that would be refused or met by a bid at once. */
export function sellersView(rules: PriceRules, { highestBid, lowestAsk }: BestPrices, takesAsks: boolean): SellersView {
  const spread = highestBid === undefined || lowestAsk === undefined ? undefined : lowestAsk - highestBid;
  if (!takesAsks) return { spread, sellFaster: undefined, earnMore: undefined };
  const earnMore = lowestAsk === undefined ? undefined : priceBelow(rules, lowestAsk);
  return { spread, sellFaster: highestBid, earnMore: earnMore !== undefined && earnMore > (highestBid ?? 0) ? earnMore : undefined };
}

/** On the market's ticks, which an older ask need not be: they may have changed since. */
function priceBelow(rules: PriceRules, price: number): number | undefined {
  const below = Math.ceil(price / rules.tick) * rules.tick - rules.tick;
  return refusePrice(rules, rules.currency, below) ? undefined : below;
}
