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

export interface JournalEvent {
  readonly type: string;
  readonly payload: Payload;
}

interface Resting {
  readonly id: string;
  readonly side: 'bid' | 'ask';
  readonly price: number;
  readonly prio: number;
  readonly expiresAt: string;
}

interface Market {
  seq: number;
  readonly quotes: Map<string, Resting>;
}

/**
 * Reads the journal of the books from the first event on, with no code of the engine's, and says at each match whether the engine kept
 * price, time, limits and expiry. Written separately and slowly on purpose: it is the second opinion.
 */
export class BookAudit {
  private readonly markets = new Map<string, Market>();
  private readonly found: { id: string; offence: string }[] = [];

  take({ type, payload }: JournalEvent): void {
    const market = this.market(payload.marketId);
    const seq = Number(payload.marketSeq);
    if (seq !== market.seq + 1) this.offend('M8', `${payload.marketId}: event ${seq} follows ${market.seq}`);
    market.seq = seq;
    if (type === 'match.created') this.match(market, payload);
    else if (type === 'trade.busted') this.bust(market, payload);
    else if (payload.quote) this.quote(market, payload.quote);
  }

  offences(id: string): string[] {
    return this.found.filter((one) => one.id === id).map(({ offence }) => offence);
  }

  lastSeqs(): Map<string, number> {
    return new Map([...this.markets].map(([id, { seq }]) => [id, seq]));
  }

  /** Price and priority of what rests, by quote. */
  resting(): Map<string, string> {
    return new Map([...this.markets.values()].flatMap(({ quotes }) => [...quotes.values()].map(({ id, price, prio }) => [id, `${price}@${prio}`] as const)));
  }

  private quote(market: Market, quote: QuoteJson): void {
    if (quote.status === 'active') market.quotes.set(quote.id, restingOf(quote));
    else market.quotes.delete(quote.id);
  }

  private bust(market: Market, { bid, ask }: Payload): void {
    for (const quote of [bid, ask]) if (quote) this.quote(market, quote);
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
    for (const other of market.quotes.values()) {
      if (other.side !== maker.side || other.id === maker.id) continue;
      if (isBetter(other, maker)) this.offend('M3', `${matchId}: ${other.id} had a better price than ${maker.id}`);
      else if (other.price === maker.price && other.prio < maker.prio) this.offend('M4', `${matchId}: ${other.id} is older than ${maker.id}`);
    }
    const paid = Number(price.minor);
    const isWithin = taker.side === 'bid' ? paid <= taker.price : paid >= taker.price;
    if (paid !== maker.price || !isWithin) this.offend('M5', `${matchId}: ${paid} where ${maker.price} rested and ${taker.price} came`);
    for (const quote of [maker, taker]) if (Date.parse(matchedAt) >= Date.parse(quote.expiresAt)) this.offend('M7', `${matchId}: ${quote.id} had expired`);
    market.quotes.delete(maker.id);
  }

  private market(id: string): Market {
    let market = this.markets.get(id);
    if (!market) this.markets.set(id, (market = { seq: 0, quotes: new Map() }));
    return market;
  }

  private offend(id: string, offence: string): void {
    this.found.push({ id, offence });
  }
}

function restingOf({ id, side, price, priority, expiresAt }: QuoteJson): Resting {
  return { id, side, price: Number(price.minor), prio: Number(priority), expiresAt };
}

function isBetter(one: Resting, other: Resting): boolean {
  return one.side === 'bid' ? one.price > other.price : one.price < other.price;
}
