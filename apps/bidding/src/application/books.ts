import type { Side } from '../domain/side';

/** A quote's place in a book. */
export interface Member {
  readonly side: Side;
  readonly price: number;
  readonly prio: number;
  readonly id: string;
}

export type BookState = 'open' | 'halted' | 'retired';

interface Position {
  readonly marketId: string;
  /** Of the shard: an owner that was overtaken changes nothing. */
  readonly epoch: number;
  readonly seq: number;
  readonly state: BookState;
  /** Both lanes of the book's hash. */
  readonly h1: number;
  readonly h2: number;
}

/** What one commit did to a book, from `was` to `seq`. */
export interface BookChange extends Position {
  readonly was: number;
  readonly removed: readonly Member[];
  readonly added: readonly Member[];
}

/** A whole book. */
export interface BookImage extends Position {
  readonly members: readonly Member[];
}

/** OK and DUP: the book is at `seq` or beyond. GAP and REBUILD: it must be written whole. FENCED: another owner has written it since. */
export type Applied = 'OK' | 'DUP' | 'GAP' | 'REBUILD' | 'FENCED';

export interface BookLevels {
  readonly seq: number;
  readonly epoch: number;
  readonly state: BookState;
  /** Best first. */
  readonly bids: readonly { readonly price: number; readonly quotes: number }[];
  readonly asks: readonly { readonly price: number; readonly quotes: number }[];
}

export interface BookTop {
  readonly seq: number;
  readonly epoch: number;
  readonly state: BookState;
  readonly h1: number;
  readonly h2: number;
  readonly highestBid: number | undefined;
  readonly lowestAsk: number | undefined;
  readonly bids: number;
  readonly asks: number;
}

/**
 * The live books that everybody reads: a projection of what is committed. Whatever is lost of it is written again from the floor or
 * the database. `apply` may be repeated, and says when it cannot continue from where the book stands.
 */
export abstract class Books {
  /** In one message; an answer for each, in their order. */
  abstract apply(changes: readonly BookChange[]): Promise<Applied[]>;
  abstract rebuild(image: BookImage): Promise<'OK' | 'FENCED'>;
  /** Undefined where the book is not there. */
  abstract levels(marketId: string, depth: number): Promise<BookLevels | undefined>;
  abstract tops(marketIds: readonly string[]): Promise<(BookTop | undefined)[]>;
  /** Every quote that each book holds, with the sequence at which it does; undefined for one that is not there. */
  abstract images(marketIds: readonly string[]): Promise<(BookImage | undefined)[]>;
  /** Resolves when the book has reached `seq`, or after `withinMs`. */
  abstract reached(marketId: string, seq: number, withinMs: number): Promise<void>;
}
