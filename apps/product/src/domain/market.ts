/** One product in one size and one condition: what quotes are placed on. */
export interface Market {
  readonly id: string;
  readonly productId: string;
  readonly size: string;
  readonly condition: 'new';
  readonly currency: string;
  readonly tickMinor: number;
  readonly minPriceMinor: number;
  readonly maxPriceMinor: number;
  readonly status: 'active' | 'retired';
}

const MIN_PRICE_WHOLE_UNITS = 25;
const MAX_PRICE_MINOR = 10_000_000;
const CURRENCIES_WITHOUT_MINOR_UNIT = new Set(['JPY', 'KRW', 'CLP', 'VND', 'ISK', 'XAF', 'XOF', 'PYG', 'UGX']);

/** How many minor units make one whole unit of the currency (ISO 4217). */
export function wholeUnitMinor(currency: string): number {
  return CURRENCIES_WITHOUT_MINOR_UNIT.has(currency) ? 1 : 100;
}

/** Prices are whole units: the tick is one of them. A minimum of 0 asks for the default. */
export function priceRules(currency: string, minPriceMinor: number): Pick<Market, 'tickMinor' | 'minPriceMinor' | 'maxPriceMinor'> {
  const tickMinor = wholeUnitMinor(currency);
  return { tickMinor, minPriceMinor: minPriceMinor || MIN_PRICE_WHOLE_UNITS * tickMinor, maxPriceMinor: MAX_PRICE_MINOR };
}
