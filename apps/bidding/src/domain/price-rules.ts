import type { AppError } from '@libs/kernel/app-error';
import { currencyMismatch, priceTick, priceTooHigh, priceTooLow } from './errors';

/** No price anywhere is above this: scores in Redis and sums of prices stay exact. */
export const PRICE_CEILING_MINOR = 9_999_999_999;

export interface PriceRules {
  readonly currency: string;
  readonly tick: number;
  readonly min: number;
  readonly max: number;
}

/** Prices are never rounded: what does not fit is refused. */
export function refusePrice(rules: PriceRules, currency: string, price: number): AppError | undefined {
  if (currency !== rules.currency) return currencyMismatch(rules.currency);
  const max = Math.min(rules.max, PRICE_CEILING_MINOR);
  if (!Number.isSafeInteger(price) || price > max) return priceTooHigh(max);
  if (price < rules.min || price <= 0) return priceTooLow(rules.min);
  if (price % rules.tick !== 0) return priceTick(rules.tick);
  return undefined;
}
