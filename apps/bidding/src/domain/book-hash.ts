/**
 * A fingerprint of a book: two lanes of 32 bits, each the XOR over its quotes of a hash of (id, side, price, priority).
 * Adding and removing are the same operation, so it follows the book at no cost and does not depend on the order of arrival.
 */
export interface BookHash {
  h1: number;
  h2: number;
}

/** What of a quote goes into the hash; the lanes keep its id's share once that is computed. */
export interface Hashed {
  readonly id: string;
  readonly price: number;
  readonly prio: number;
  lane1: number;
  lane2: number;
}

export const emptyHash = (): BookHash => ({ h1: 0, h2: 0 });

/** Adds the quote's share, or takes it away again. The id's prefix says the side. */
export function toggle(hash: BookHash, quote: Hashed): void {
  if (quote.lane1 === 0) hashId(quote);
  const low = quote.price >>> 0;
  const high = Math.floor(quote.price / 0x1_0000_0000);
  hash.h1 = (hash.h1 ^ mix(quote.lane1, low, high, quote.prio)) >>> 0;
  hash.h2 = (hash.h2 ^ mix(quote.lane2, low, high, quote.prio)) >>> 0;
}

function hashId(quote: Hashed): void {
  const id = quote.id;
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  quote.lane1 = a | 1;
  quote.lane2 = b | 1;
}

function mix(lane: number, low: number, high: number, prio: number): number {
  let h = Math.imul(lane ^ low, 0x85ebca6b) ^ high;
  h = Math.imul(h ^ (h >>> 13) ^ (prio >>> 0), 0xc2b2ae35) ^ Math.floor(prio / 0x1_0000_0000);
  h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f);
  return h ^ (h >>> 16);
}
