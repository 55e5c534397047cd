import { Batch, type Outcome } from '../src/domain/batch';
import { type BustReason, bust } from '../src/domain/bust';
import { amend } from '../src/domain/amend';
import { cancel } from '../src/domain/cancel';
import type { MarketEvent } from '../src/domain/events';
import { Floor } from '../src/domain/floor';
import { halt, resume } from '../src/domain/halt';
import { Market } from '../src/domain/market';
import { place } from '../src/domain/place';
import type { Match, Quote, QuoteFacts } from '../src/domain/quote';
import type { Side } from '../src/domain/side';
import type { Turn } from '../src/domain/settle';
import { scopeOf, type TraderFacts } from '../src/domain/trader-facts';
import { expireDue, repinAll, withdrawMarket, withdrawSuspended } from '../src/domain/withdrawals';

const NO_BYTES = new Uint8Array(0);
export const DAY = 86_400_000;

/** One market and a cast of traders, driven by lines such as `b1 bid ann 470`, `cancel ann b1`, or `amend ann b1 480 0 seen=1`. */
export class Script {
  readonly floor = new Floor();
  readonly events: MarketEvent[] = [];
  readonly batches: Batch[] = [];
  /** When each step was made. */
  readonly times = new Map<number, number>();
  /** Every quote ever seen, by the script's own name for it. */
  readonly quotes = new Map<string, Quote>();
  readonly matches: Match[] = [];
  readonly traders = new Map<string, TraderFacts>();
  now = 1_000_000;
  private keys = 0;

  constructor(limits: { readonly maxOpenQuotes?: number; readonly maxOpenExposure?: number } = {}) {
    this.maxOpenQuotes = limits.maxOpenQuotes ?? 500;
    this.maxOpenExposure = limits.maxOpenExposure ?? Infinity;
    const terms = { id: 'm', productId: 'p', size: '10', category: 'sneakers', retired: false, currency: 'USD', tick: 1, min: 1, max: 1_000_000 };
    this.floor.install([{ market: new Market(terms, { shard: 0, seq: 0, matchSeq: 0, state: 'open' }), quotes: [] }]);
  }
  private readonly maxOpenQuotes: number;
  private readonly maxOpenExposure: number;

  get market(): Market {
    return this.floor.markets.get('m') as Market;
  }

  trader(userId: string): TraderFacts {
    const known = this.traders.get(userId);
    if (known) return known;
    const facts: TraderFacts = {
      userId, emailVerified: true, suspended: false, buyingSuspended: false, sellingSuspended: false, payoutEnabled: true,
      paymentMethodIds: [`${userId}-card`], addresses: [{ addressId: `${userId}-home`, versionId: `${userId}-home-1` }],
    };
    this.traders.set(userId, facts);
    return facts;
  }

  /** Runs each line as a batch of its own; answers what each came to. */
  play(lines: string): string[] {
    return lines.trim().split('\n').map((line) => this.run(line.trim()));
  }

  run(line: string): string {
    const before = this.events.length;
    const outcome = this.turn((turn) => this.step(turn, line.split(/\s+/)));
    const refusal = 'refused' in outcome ? [outcome.refused.code.replace('bidding.', '')] : [];
    return [...this.events.slice(before).map(wordsOf), ...refusal].join(', ');
  }

  turn<T>(work: (turn: Turn) => T): T {
    const batch: Batch = new Batch(this.now, () => `x${this.matches.length + batch.matches.size + 1}`);
    const result = work({ floor: this.floor, batch });
    for (const quote of batch.inserted.keys()) this.quotes.set(quote.id, quote);
    this.matches.push(...batch.matches.values());
    this.events.push(...batch.events);
    for (const { seq } of batch.events) this.times.set(seq, this.now);
    this.batches.push(batch);
    return result;
  }

  /** A line of the book, best first: `b1@470 b2@460`. */
  book(side: Side): string {
    return [...this.market.book.quotes(side)].map((quote) => `${quote.id}@${quote.price}`).join(' ');
  }

  private step(turn: Turn, words: string[]): Outcome {
    const [first = '', second = '', third = '', fourth = ''] = words;
    const none: Outcome = { done: { bookSeq: 0 } };
    const keyed = { key: `k${++this.keys}`, bodyHash: NO_BYTES };
    const side = (id: string): Side => (id.startsWith('b') ? 'bid' : 'ask');
    switch (first) {
      case 'cancel':
        return cancel(turn, { ...keyed, command: 'cancel', userId: second, quoteId: third, side: side(third) });
      case 'amend': {
        const price = fourth === '-' ? undefined : { currency: 'USD', minor: Number(fourth) };
        const seen = words[5]?.replace('seen=', '');
        return amend(turn, { ...keyed, command: 'amend', userId: second, quoteId: third, side: side(third), price, expiresInDays: Number(words[4] ?? 0), expectedVersion: Number(seen ?? 0), maxOpenExposure: this.maxOpenExposure });
      }
      case 'halt':
        return halt(turn, { ...keyed, command: 'halt', userId: 'admin', marketId: 'm', reason: 'test' });
      case 'resume':
        return resume(turn, { ...keyed, command: 'resume', userId: 'admin', marketId: 'm', reason: 'test' });
      case 'pass':
        this.now += Number(second) * DAY;
        return none;
      case 'sweep':
        expireDue(turn, [...this.floor.allQuotes()]);
        return none;
      case 'suspend':
        Object.assign(this.trader(second), { all: { suspended: true }, buying: { buyingSuspended: true }, selling: { sellingSuspended: true } }[scopeOf(third)]);
        withdrawSuspended(turn, second, scopeOf(third), 0);
        return none;
      case 'facts':
        Object.assign(this.trader(second), JSON.parse(third));
        repinAll(turn, this.trader(second), 0, fourth || undefined);
        return none;
      case 'retire':
        this.market.terms = { ...this.market.terms, retired: true };
        withdrawMarket(turn, this.market);
        return none;
      case 'bust': {
        const match = this.matches.find(({ id }) => id === second) as Match;
        const back = third === 'payment_failed' ? match.ask : match.bid;
        return bust(turn, { match, reason: third as BustReason, doNotRelist: fourth === 'do_not_relist', facts: this.trader(back.userId) });
      }
      default:
        return place(turn, {
          ...keyed, quoteId: first, marketId: 'm', side: second === 'buy' || second === 'bid' ? 'bid' : 'ask', userId: third, currency: 'USD', price: Number(fourth),
          expiresInDays: Number(words[4] ?? 0), immediate: second === 'buy' || second === 'sell', paymentMethodId: '', addressVersionId: '',
          facts: this.trader(third), maxOpenQuotes: this.maxOpenQuotes, maxOpenExposure: this.maxOpenExposure,
        });
    }
  }
}

function wordsOf(event: MarketEvent): string {
  const ended = (quote: QuoteFacts) => `${quote.id} ${quote.status}${quote.reason === null ? '' : `(${quote.reason})`}`;
  switch (event.type) {
    case 'matched':
      return `${event.bid.id}x${event.ask.id}@${event.price}`;
    case 'busted':
      return `bust ${event.matchId}: ${ended(event.bid)} ${ended(event.ask)}`;
    case 'halted':
    case 'resumed':
      return event.type;
    case 'cancelled':
      return ended(event.quote);
    default:
      return `${event.quote.id} ${event.type === 'placed' ? `rests@${event.quote.price}` : event.type}`;
  }
}
