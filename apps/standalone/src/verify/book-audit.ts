import { BestFirst, isBetter, type Resting } from './best-first';

interface QuoteJson {
  readonly id: string;
  readonly side: 'bid' | 'ask';
  readonly price: { readonly minor: string };
  readonly priority: string;
  readonly status: string;
  readonly expiresAt: string;
}

interface Payload {
  readonly marketId: string;
  readonly marketSeq: string;
  readonly quote?: QuoteJson;
  readonly bid?: QuoteJson;
  readonly ask?: QuoteJson;
  readonly incoming?: QuoteJson;
  readonly matchId?: string;
  readonly bidId?: string;
  readonly askId?: string;
  readonly price?: { readonly minor: string };
  readonly matchedAt?: string;
}

/** A line of the outbox: topic, key, number within the key, type, payload. */
export type JournalLine = readonly [topic: string, key: string, kseq: number, type: string, payload: Payload];

interface Market {
  seq: number;
  isHalted: boolean;
  readonly kseqs: Record<string, number>;
  readonly quotes: Map<string, Resting>;
  readonly sides: { readonly bid: BestFirst; readonly ask: BestFirst };
}

/** Enough to see what is wrong; a broken journal of a million events would otherwise fill the memory. */
const OFFENCES_MAX = 1_000;

/**
 * Reads the journal of the books from the first event on, with no code of the engine's, and says at each step whether the book was
 * crossed, and at each match whether the engine kept price, time, limits, expiry and halts. Written separately: it is the second opinion.
 */
export class BookAudit {
  private readonly markets = new Map<string, Market>();
  private readonly ended = new Set<string>();
  private readonly found = new Map<string, string[]>();

  take([topic, key, kseq, type, payload]: JournalLine): void {
    const market = this.market(payload.marketId);
    const seq = Number(payload.marketSeq);
    if (seq !== market.seq + 1) this.offend('M8', `${payload.marketId}: event ${seq} follows ${market.seq}`);
    const last = market.kseqs[topic] ?? 0;
    if (kseq !== last + 1 || key !== payload.marketId) this.offend('E1', `${topic} ${key}: number ${kseq} follows ${last}`);
    market.seq = seq;
    market.kseqs[topic] = kseq;
    if (type === 'match.created') this.match(market, payload);
    else if (type === 'trade.busted') this.bust(market, payload);
    else if (type === 'market.halted') market.isHalted = true;
    else if (type === 'market.resumed') market.isHalted = false;
    else if (payload.quote) this.quote(market, payload.quote);
    this.look(market, payload);
  }

  offences(id: string): readonly string[] {
    return this.found.get(id) ?? [];
  }

  /** Where each market's events end: in all, and of the matches alone. */
  ends(): Map<string, { seq: number; matches: number }> {
    return new Map([...this.markets].map(([id, { seq, kseqs }]) => [id, { seq, matches: kseqs['matches.created'] ?? 0 }]));
  }

  /** Price and priority of what rests, by quote. */
  resting(): Map<string, string> {
    return new Map([...this.markets.values()].flatMap(({ quotes }) => [...quotes.values()].map(({ id, price, prio }) => [id, `${price}@${prio}`] as const)));
  }

  private quote(market: Market, quote: QuoteJson): void {
    if (this.ended.has(quote.id)) this.offend('M10', `${quote.id} had ended and is ${quote.status} again`);
    if (quote.status === 'active') rest(market, restingOf(quote));
    else market.quotes.delete(quote.id);
    if (quote.status === 'cancelled' || quote.status === 'expired') this.ended.add(quote.id);
  }

  /** A side that had ended before, or has met another since, is shown as it is and comes not back by this. */
  private bust(market: Market, { bid, ask }: Payload): void {
    for (const quote of [bid, ask]) if (quote && !(this.ended.has(quote.id) && quote.status !== 'active')) this.quote(market, quote);
  }

  private match(market: Market, { matchId, incoming, bidId, askId, price, matchedAt }: Payload): void {
    const taker = incoming && restingOf(incoming);
    const maker = market.quotes.get((taker?.side === 'bid' ? askId : bidId) ?? '');
    if (!taker || !maker || !price || !matchedAt) {
      this.offend('M3', `${matchId}: its resting quote did not rest`);
      return;
    }
    // The taker may be a resting quote whose price was changed: it left the book to come in.
    market.quotes.delete(taker.id);
    const best = bestOf(market, maker.side);
    if (best && isBetter(best, maker)) this.offend('M3', `${matchId}: ${best.id} had a better price than ${maker.id}`);
    else if (best && best.prio < maker.prio) this.offend('M4', `${matchId}: ${best.id} is older than ${maker.id}`);
    const paid = Number(price.minor);
    const isWithin = taker.side === 'bid' ? paid <= taker.price : paid >= taker.price;
    if (paid !== maker.price || !isWithin) this.offend('M5', `${matchId}: ${paid} where ${maker.price} rested and ${taker.price} came`);
    for (const quote of [maker, taker]) {
      if (Date.parse(matchedAt) >= Date.parse(quote.expiresAt)) this.offend('M7', `${matchId}: ${quote.id} had expired`);
      if (this.ended.has(quote.id)) this.offend('M7', `${matchId}: ${quote.id} had ended`);
    }
    if (market.isHalted) this.offend('M7', `${matchId}: the market was halted`);
    market.quotes.delete(maker.id);
  }

  private look(market: Market, { marketId, marketSeq }: Payload): void {
    const [bid, ask] = [bestOf(market, 'bid'), bestOf(market, 'ask')];
    if (bid && ask && bid.price >= ask.price) this.offend('M2', `${marketId} at ${marketSeq}: ${bid.id} bids ${bid.price}, ${ask.id} asks ${ask.price}`);
  }

  private market(id: string): Market {
    let market = this.markets.get(id);
    if (!market) this.markets.set(id, (market = { seq: 0, isHalted: false, kseqs: {}, quotes: new Map(), sides: { bid: new BestFirst(), ask: new BestFirst() } }));
    return market;
  }

  private offend(id: string, offence: string): void {
    const known = this.found.get(id) ?? [];
    if (known.length < OFFENCES_MAX) known.push(offence);
    this.found.set(id, known);
  }
}

function rest(market: Market, quote: Resting): void {
  market.quotes.set(quote.id, quote);
  market.sides[quote.side].add(quote);
}

/** What was replaced or has left is not the same object any more. */
function bestOf(market: Market, side: 'bid' | 'ask'): Resting | undefined {
  return market.sides[side].best((quote) => market.quotes.get(quote.id) === quote);
}

function restingOf({ id, side, price, priority, expiresAt }: QuoteJson): Resting {
  return { id, side, price: Number(price.minor), prio: Number(priority), expiresAt };
}
