/**
 * A fingerprint of a book: two lanes of 32 bits, each the XOR over its quotes of a hash of (id, side, price, priority).
 * Adding and removing are the same operation, so it follows the book at no cost and does not depend on the order of arrival.
 */
export interface BookHash {
  h1: number;
  h2: number;
}

/** What of a quote goes into the hash. The side is in the id's prefix. */
export interface Hashed {
  readonly id: string;
  readonly price: number;
  readonly prio: number;
}

/** The end of an id is its random part; its beginning, the time, is much the same for all. */
const ID_TAIL = 8;

export const emptyHash = (): BookHash => ({ h1: 0, h2: 0 });

/** Adds the quote's share, or takes it away again. */
export function toggle(hash: BookHash, { id, price, prio }: Hashed): void {
  let a = id.charCodeAt(0);
  let b = 0x9e3779b9;
  for (let i = Math.max(0, id.length - ID_TAIL); i < id.length; i++) {
    const code = id.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  // Prices and priorities may be wider than 32 bits; the upper part is 0 for nearly all.
  const high = price > 0xffff_ffff || prio > 0xffff_ffff ? Math.floor(price / 0x1_0000_0000) ^ Math.floor(prio / 0x1_0000_0000) : 0;
  hash.h1 ^= mix(a, price, prio, high);
  hash.h2 ^= mix(b, price, prio, high);
}

function mix(lane: number, price: number, prio: number, high: number): number {
  let h = Math.imul(lane ^ price, 0x85ebca6b) ^ high;
  h = Math.imul(h ^ (h >>> 13) ^ prio, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f);
  return h ^ (h >>> 16);
}
