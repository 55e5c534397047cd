import type { BookHash } from './book-hash';
import { OrderBook } from './order-book';
import type { PriceRules } from './price-rules';
import { type Quote, type QuoteFacts, quoteOf } from './quote';

/** What product says of a market. */
export interface MarketTerms extends PriceRules {
  readonly id: string;
  readonly productId: string;
  readonly size: string;
  /** Its product's; empty where nobody has said. */
  readonly category: string;
  readonly retired: boolean;
}

export interface MarketPosition {
  readonly shard: number;
  /** Every step of the book has exactly one event. */
  readonly seq: number;
  /** Those of them that are on `matches.created`. */
  readonly matchSeq: number;
  readonly state: 'open' | 'halted';
}

/** One product in one size: its book, and where its sequence stands. */
export class Market {
  readonly book = new OrderBook();
  /** Inactive quotes that enter the book at the resume, by id. */
  readonly waiting = new Map<string, Quote>();
  readonly shard: number;
  seq: number;
  matchSeq: number;
  state: 'open' | 'halted';

  constructor(
    public terms: MarketTerms,
    position: MarketPosition,
  ) {
    this.shard = position.shard;
    this.seq = position.seq;
    this.matchSeq = position.matchSeq;
    this.state = position.state;
  }

  get id(): string {
    return this.terms.id;
  }

  /** What readers are told: a retired market is retired whatever else it is. */
  get publicState(): 'open' | 'halted' | 'retired' {
    return this.terms.retired ? 'retired' : this.state;
  }

  get hash(): Readonly<BookHash> {
    return this.book.hash;
  }

  /** Puts an open quote where its status says that it is. */
  admit(facts: QuoteFacts): Quote {
    const quote = quoteOf(facts);
    if (quote.status === 'active') this.book.add(quote);
    else this.waiting.set(quote.id, quote);
    return quote;
  }
}
