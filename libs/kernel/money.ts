import { invariant } from './invariant';

/** An amount in the currency's minor unit (cents). A safe integer, never a float. */
export interface Money {
  readonly currency: string;
  readonly minor: number;
}

export function money(currency: string, minor: number): Money {
  invariant(Number.isSafeInteger(minor), `not a whole number of minor units: ${minor}`);
  return { currency, minor };
}

/** What a contract's money message holds: `int64` is a bigint in generated code. */
export interface MoneyMessage {
  readonly currency: string;
  readonly minor: bigint;
}

export function moneyToMessage({ currency, minor }: Money): MoneyMessage {
  return { currency, minor: BigInt(minor) };
}

/** A missing message is a bug of the caller's, since the edge has validated what users send. */
export function moneyFromMessage(message: MoneyMessage | undefined): Money {
  invariant(message, 'a money message is missing');
  return money(message.currency, Number(message.minor));
}

/** `rateBps` is in basis points: 950 is 9.5 %. Rounds half up, so that fee + payout is exactly the price. */
export function feeOf(price: Money, rateBps: number): Money {
  return money(price.currency, Math.floor((price.minor * rateBps + 5_000) / 10_000));
}
