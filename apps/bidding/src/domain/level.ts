import type { Side } from './side';

/** What the book must know of a quote, and where it stands there. */
export interface BookEntry<E> {
  readonly id: string;
  readonly side: Side;
  readonly price: number;
  readonly prio: number;
  /** Its place in the book, while it has one: the level, and its neighbours there. */
  level: Level<E> | undefined;
  ahead: E | undefined;
  behind: E | undefined;
}

/** The quotes of one side at one price, oldest first: a list through the quotes themselves, so that leaving costs nothing. */
export interface Level<E> {
  /** The price, negated for asks: the higher key is the better price on either side. */
  readonly key: number;
  count: number;
  first: E | undefined;
  last: E | undefined;
}

/** Appends, or goes ahead of younger quotes when it comes back with an old priority. */
export function join<E extends BookEntry<E>>(level: Level<E>, quote: E): void {
  let ahead = level.last;
  while (ahead && ahead.prio > quote.prio) ahead = ahead.ahead;
  const behind = ahead ? ahead.behind : level.first;
  quote.level = level;
  quote.ahead = ahead;
  quote.behind = behind;
  if (ahead) ahead.behind = quote;
  else level.first = quote;
  if (behind) behind.ahead = quote;
  else level.last = quote;
  level.count++;
}

export function leave<E extends BookEntry<E>>(level: Level<E>, quote: E): void {
  if (quote.ahead) quote.ahead.behind = quote.behind;
  else level.first = quote.behind;
  if (quote.behind) quote.behind.ahead = quote.ahead;
  else level.last = quote.ahead;
  quote.level = undefined;
  quote.ahead = undefined;
  quote.behind = undefined;
  level.count--;
}
