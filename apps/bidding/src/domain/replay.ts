import type { MarketEvent } from './events';
import { Floor } from './floor';
import { Market, type MarketTerms } from './market';
import { Batch } from './batch';
import type { Quote, QuoteFacts } from './quote';
import { counterpart, enter, expire, match as meet, rest, type Turn, withdraw } from './settle';

/** What of an event a replay needs: the contract's fields, whoever wrote them down. */
export type JournalEvent =
  | { readonly type: 'placed' | 'updated' | 'cancelled' | 'expired'; readonly seq: number; readonly at: number; readonly quote: QuoteFacts }
  | { readonly type: 'matched'; readonly seq: number; readonly at: number; readonly matchId: string; readonly bidId: string; readonly askId: string; readonly price: number; readonly incoming: QuoteFacts }
  | { readonly type: 'busted'; readonly seq: number; readonly at: number; readonly bid: QuoteFacts; readonly ask: QuoteFacts }
  | { readonly type: 'halted' | 'resumed'; readonly seq: number; readonly at: number };

/**
 * One market's journal, run through the engine again: what an event says that came in is brought to the book, and what the engine
 * makes of it must be what the journal says. Everything that differs is a line in `differences`.
 */
export class Replay {
  readonly differences: string[] = [];
  readonly market: Market;
  private readonly floor = new Floor();

  constructor(terms: MarketTerms) {
    this.market = new Market(terms, { shard: 0, seq: 0, matchSeq: 0, state: 'open' });
    this.floor.install([{ market: this.market, quotes: [] }]);
  }

  apply(event: JournalEvent): void {
    if (event.seq !== this.market.seq + 1) this.differs(event.seq, `follows step ${this.market.seq}`);
    const turn: Turn = { floor: this.floor, batch: new Batch(event.at, () => ('matchId' in event ? event.matchId : '')) };
    this.step(turn, event);
    const [made] = turn.batch.events;
    if (made && turn.batch.events.length !== 1) this.differs(event.seq, `is ${turn.batch.events.length} steps for the engine: ${turn.batch.events.map(({ type }) => type).join(', ')}`);
    if (made) this.compare(event, made);
    this.market.seq = event.seq;
  }

  private step(turn: Turn, event: JournalEvent): void {
    switch (event.type) {
      case 'placed':
        return this.bring(turn, this.incoming(event.quote));
      case 'matched':
        return this.bring(turn, this.incoming(event.incoming));
      case 'updated':
        return this.update(turn, event.quote, event.seq);
      case 'cancelled':
      case 'expired':
        return this.end(turn, event.quote, event.seq);
      case 'busted':
        for (const side of [event.bid, event.ask]) this.comeBack(turn, side, event.seq);
        return undefined;
      case 'halted':
      case 'resumed':
        this.market.state = event.type === 'halted' ? 'halted' : 'open';
        return undefined;
    }
  }

  /** A quote that amends, or that waited for a resume, is on the floor already: it comes in anew, under what the event says. */
  private incoming(facts: QuoteFacts): Quote {
    const held = this.floor.quote(facts.id);
    if (!held) return { ...facts, status: 'active', level: undefined, ahead: undefined, behind: undefined };
    this.market.book.remove(held);
    this.market.waiting.delete(held.id);
    return Object.assign(held, { price: facts.price, prio: facts.prio, expiresAt: facts.expiresAt });
  }

  private bring(turn: Turn, quote: Quote): void {
    const met = counterpart(turn, this.market, quote);
    if (met) meet(turn, this.market, { incoming: quote, resting: met });
    else rest(turn, this.market, quote, 'placed');
  }

  private update(turn: Turn, facts: QuoteFacts, seq: number): void {
    const held = this.floor.quote(facts.id);
    if (!held) return this.differs(seq, `updates ${facts.id}, which is not open`);
    if (held.price !== facts.price && facts.prio !== seq) this.differs(seq, 'a new price keeps an old priority');
    const isWaiting = this.market.waiting.delete(held.id);
    this.market.book.remove(held);
    this.floor.repriced(held, facts.price);
    Object.assign(held, { price: facts.price, prio: facts.prio, expiresAt: facts.expiresAt, paymentMethodId: facts.paymentMethodId, addressVersionId: facts.addressVersionId });
    if (isWaiting) this.market.waiting.set(held.id, held);
    else if (counterpart(turn, this.market, held)) this.differs(seq, `${held.id} rests, and would have matched`);
    else this.market.book.add(held);
  }

  private end(turn: Turn, facts: QuoteFacts, seq: number): void {
    const held = this.floor.quote(facts.id);
    if (!held) return this.differs(seq, `ends ${facts.id}, which is not open`);
    if (facts.status === 'expired') expire(turn, this.market, held);
    else withdraw(turn, this.market, held, facts.reason ?? 'user');
  }

  private comeBack(turn: Turn, facts: QuoteFacts, seq: number): void {
    if (facts.status !== 'active' && facts.status !== 'inactive') return;
    const quote: Quote = { ...facts, level: undefined, ahead: undefined, behind: undefined };
    if (facts.status === 'inactive') {
      this.market.waiting.set(quote.id, quote);
      this.floor.opened(quote);
    } else if (counterpart(turn, this.market, quote)) this.differs(seq, `${quote.id} came back to rest, and would have matched`);
    else enter(turn, this.market, quote);
  }

  private compare(event: JournalEvent, made: MarketEvent): void {
    if (made.type !== event.type) return this.differs(event.seq, `the journal says ${event.type}, the engine ${made.type}`);
    if (event.type !== 'matched' || made.type !== 'matched') return;
    const pair = (match: { bidId: string; askId: string; price: number }) => `${match.bidId} x ${match.askId} @ ${match.price}`;
    const mine = pair({ bidId: made.bid.id, askId: made.ask.id, price: made.price });
    if (mine !== pair(event)) this.differs(event.seq, `the journal says ${pair(event)}, the engine ${mine}`);
  }

  private differs(seq: number, what: string): void {
    this.differences.push(`${this.market.id} step ${seq}: ${what}`);
  }
}

