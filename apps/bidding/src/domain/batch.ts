import type { AppError } from '@libs/kernel/app-error';
import type { MarketEvent } from './events';
import type { Market } from './market';
import { type Match, type Quote, type QuoteFacts, factsOf } from './quote';

/** A placement's answer as it was given, whatever becomes of the quote later. */
export interface PlacedAs {
  readonly key: string;
  readonly bodyHash: Uint8Array;
  quote: QuoteFacts;
  match: Match | undefined;
}

export interface MatchFacts {
  readonly id: string;
  readonly bidId: string;
  readonly askId: string;
  readonly price: number;
}

/** What a command came to, for its caller. */
export interface Done {
  readonly quote?: QuoteFacts;
  readonly match?: MatchFacts;
  /** The market's sequence after the command: the book shows it from here on. */
  readonly bookSeq: number;
  readonly state?: string;
  readonly busted?: boolean;
}

/** Refusals are values here: the engine never throws for reasons of business. */
export type Outcome = { readonly done: Done } | { readonly refused: AppError };
export const refused = (refusal: AppError): Outcome => ({ refused: refusal });

export interface StoredAnswer {
  readonly userId: string;
  readonly key: string;
  readonly command: string;
  readonly bodyHash: Uint8Array;
  readonly done: Done;
}

/** Where the database has a quote that this batch changes. */
export interface Change {
  readonly quote: Quote;
  readonly was: QuoteFacts;
}

export interface Step {
  readonly market: Market;
  readonly was: number;
  readonly stateWas: string;
}

/**
 * Everything that one commit writes, netted: a quote, match or market appears once, as it is at the batch's end.
 * Time and new ids come from outside, so that the same commands on the same floor make the same batch.
 */
export class Batch {
  readonly steps = new Map<Market, Step>();
  readonly inserted = new Map<Quote, PlacedAs>();
  readonly changed = new Map<Quote, Change>();
  readonly matches = new Map<string, Match>();
  readonly busts = new Set<Match>();
  readonly answers: StoredAnswer[] = [];
  readonly effects: number[] = [];
  readonly events: MarketEvent[] = [];
  /** Markets whose shard must be ours for this commit, beyond those with steps. */
  readonly shards = new Set<number>();

  constructor(
    /** Business time, Unix milliseconds: never lower than that of the batch before. */
    readonly at: number,
    readonly nextMatchId: () => string,
  ) {}

  get isEmpty(): boolean {
    return this.steps.size === 0 && this.answers.length === 0 && this.effects.length === 0 && this.inserted.size === 0 && this.changed.size === 0 && this.busts.size === 0;
  }

  /** The markets of which this batch has changed anything in memory. */
  touchedMarkets(): string[] {
    const ids = new Set<string>();
    for (const market of this.steps.keys()) ids.add(market.id);
    for (const quote of this.inserted.keys()) ids.add(quote.marketId);
    for (const quote of this.changed.keys()) ids.add(quote.marketId);
    for (const match of this.busts) ids.add(match.marketId);
    return [...ids];
  }

  /** Remembers where the database has the quote, and counts the change; call once before each. */
  touch(quote: Quote): void {
    if (!this.inserted.has(quote) && !this.changed.has(quote)) this.changed.set(quote, { quote, was: factsOf(quote) });
    quote.version++;
  }

  insert(quote: Quote, placed: PlacedAs): void {
    this.inserted.set(quote, placed);
  }

  /** The next number of the market's sequence; exactly one event must carry it. */
  next(market: Market): number {
    if (!this.steps.has(market)) this.steps.set(market, { market, was: market.seq, stateWas: market.state });
    return ++market.seq;
  }

  /** Answers what was true of the quote just then. */
  announce(market: Market, type: 'placed' | 'updated' | 'cancelled' | 'expired', quote: Quote): QuoteFacts {
    const seq = this.next(market);
    const facts = factsOf(quote);
    this.events.push({ type, marketId: market.id, currency: market.terms.currency, seq, kseq: seq - market.matchSeq, quote: facts });
    return facts;
  }

  announceState(market: Market, type: 'halted' | 'resumed', reason: string): void {
    const seq = this.next(market);
    this.events.push({ type, marketId: market.id, currency: market.terms.currency, seq, kseq: seq - market.matchSeq, reason });
  }

  /** Answers what was true of the incoming quote just then. */
  announceMatch(market: Market, match: Match, incoming: Quote): QuoteFacts {
    const { id: marketId, productId, size, currency } = market.terms;
    const bid = factsOf(match.bid);
    const ask = factsOf(match.ask);
    this.matches.set(match.id, match);
    this.events.push({
      type: 'matched', marketId, currency, seq: match.seq, kseq: ++market.matchSeq, matchId: match.id, productId, size, price: match.price, at: match.matchedAt,
      bid, ask, incoming: incoming.side === 'bid' ? bid : ask,
    });
    return incoming.side === 'bid' ? bid : ask;
  }

  announceBust(market: Market, match: Match, reason: string, rematchId: string | null): void {
    match.state = 'bust';
    if (!this.matches.has(match.id)) this.busts.add(match);
    const seq = this.next(market);
    this.events.push({
      type: 'busted', marketId: market.id, currency: market.terms.currency, seq, kseq: ++market.matchSeq, matchId: match.id, reason,
      bid: factsOf(match.bid), ask: factsOf(match.ask), rematchId,
    });
  }

  answer(stored: StoredAnswer): void {
    this.answers.push(stored);
  }
}

