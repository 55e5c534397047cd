import fc from 'fast-check';
import { factsOf, type Match, type Quote, type QuoteFacts } from '../src/domain/quote';
import type { MarketEvent } from '../src/domain/events';
import { isPast } from '../src/domain/expiry';
import { Replay } from '../src/domain/replay';
import type { SuspensionScope } from '../src/domain/trader-facts';
import { NaiveExchange, type NaiveUser } from './naive-exchange';
import { Script } from './script';

/** Engine and oracle side by side; after every operation everything about them must be the same. */
class Pair {
  readonly script = new Script();
  readonly naive = new NaiveExchange();
  private count = 0;
  private seen = 0;
  /** What each version of a quote was. */
  private readonly versions = new Map<string, string>();
  /** Ended for good: must never change again. */
  private readonly ended = new Map<string, string>();

  apply(op: Op): void {
    const engine = this.engine(op);
    const oracle = this.oracle(op);
    if (oracle !== undefined) expect(engine).toBe(oracle);
    this.compare();
    this.invariants();
  }

  private engine(op: Op): string {
    const words = this.script.run(lineOf(op, this));
    const last = words.split(', ').at(-1) ?? '';
    return /^[a-z_]+$/.test(last) && !['halted', 'resumed'].includes(last) ? last : 'done';
  }

  private oracle(op: Op): string | undefined {
    const { naive } = this;
    const now = this.script.now;
    const next = () => `x${naive.matches.length + 1}`;
    switch (op.kind) {
      case 'place': return naive.place({ ...op, id: this.lastId }, now, next());
      case 'cancel': return naive.cancel(this.pick(op.at), this.ownerOf(op.at, op.user), now);
      case 'amend': return naive.amend({ ...op, id: this.pick(op.at), user: this.ownerOf(op.at, op.user) }, now, next());
      case 'pass': return undefined;
      case 'sweep': return void naive.sweep(now);
      case 'suspend': return void naive.suspend(op.user, op.scope);
      case 'reinstate': return void naive.reinstate(op.user);
      case 'facts': return void naive.facts(op.user, op.naive);
      case 'halt': return void naive.halt();
      case 'resume': return void naive.resume(now, next);
      case 'bust': return naive.matches.length === 0 ? undefined : naive.bust({ id: this.matchAt(op.at), reason: op.reason, doNotRelist: op.keep }, now, next);
      case 'complete': { const match = naive.matches.find(({ id }) => id === this.matchAt(op.at)); if (match?.state === 'pending') match.state = 'completed'; return undefined; }
    }
  }

  private lastId = '';
  newId(side: string): string {
    return (this.lastId = `${side === 'bid' ? 'b' : 'a'}${++this.count}`);
  }
  pick(at: number): string {
    const ids = this.naive.quotes.map(({ id }) => id);
    return ids[at % Math.max(1, ids.length)] ?? 'b0';
  }
  ownerOf(at: number, other: string | null): string {
    return other ?? this.naive.quotes.find(({ id }) => id === this.pick(at))?.user ?? 'ann';
  }
  matchAt(at: number): string {
    return this.naive.matches[at % Math.max(1, this.naive.matches.length)]?.id ?? 'x0';
  }

  private compare(): void {
    const { market, floor, quotes, matches } = this.script;
    expect([market.seq, market.matchSeq, market.state]).toEqual([this.naive.seq, this.naive.matchSeq, this.naive.halted ? 'halted' : 'open']);
    const mine = [...quotes.values()].map(plain);
    expect(mine).toEqual(this.naive.quotes);
    expect(matches.map(({ id, bid, ask, price, seq, state }: Match) => ({ id, bid: bid.id, ask: ask.id, price, seq, state }))).toEqual(this.naive.matches);
    for (const side of ['bid', 'ask'] as const) {
      const book = [...market.book.quotes(side)].map(({ id }) => id);
      const sorted = this.naive.quotes.filter((q) => q.side === side && q.status === 'active').sort((a, b) => (side === 'bid' ? b.price - a.price : a.price - b.price) || a.prio - b.prio);
      expect(book).toEqual(sorted.map(({ id }) => id));
      expect(market.book.count(side)).toBe(book.length);
      expect(market.book.levels(side, 1_000).reduce((sum, level) => sum + level.quotes, 0)).toBe(book.length);
    }
    expect([...market.waiting.keys()].sort()).toEqual(this.naive.quotes.filter((q) => q.status === 'inactive').map(({ id }) => id).sort());
    for (const name of ['ann', 'bob', 'cat', 'dan']) expect(floor.exposureOf(name, 'USD')).toBe(this.openBidsOf(name));
    expect(floor.openQuotes).toBe(this.naive.quotes.filter((q) => q.status === 'active' || q.status === 'inactive').length);
  }

  private openBidsOf(user: string): number {
    return this.naive.quotes.filter((q) => q.user === user && q.side === 'bid' && (q.status === 'active' || q.status === 'inactive')).reduce((sum, { price }) => sum + price, 0);
  }

  private invariants(): void {
    const { market, quotes, matches, events, batches, now } = this.script;
    const live = matches.filter(({ state }) => state !== 'bust');
    for (const side of ['bid', 'ask'] as const) expect(new Set(live.map((match) => match[side].id)).size).toBe(live.length); // M1
    const [bestBid] = market.book.quotes('bid');
    const [bestAsk] = market.book.quotes('ask');
    if (bestBid && bestAsk) expect(bestBid.price).toBeLessThan(bestAsk.price); // M2
    for (const event of events.slice(this.seen)) {
      if (event.type !== 'matched') continue;
      expect(event.price).toBe(event.incoming === event.bid ? event.ask.price : event.bid.price); // M5
      expect(event.price <= event.bid.price && event.price >= event.ask.price).toBe(true); // M5
      expect(event.bid.userId).not.toBe(event.ask.userId); // M6
      expect(isPast(event.bid, now) || isPast(event.ask, now)).toBe(false); // M7
    }
    expect(events.slice(this.seen).map(({ seq }) => seq)).toEqual(Array.from({ length: events.length - this.seen }, (_, i) => this.seen + i + 1)); // M8
    expect(market.seq).toBe(events.length); // M8
    for (const quote of events.slice(this.seen).flatMap(quotesIn)) this.isOneState(quote);
    for (const quote of quotes.values()) this.isOneState(factsOf(quote));
    this.seen = events.length;
    const batch = batches.at(-1);
    for (const { quote, was } of batch?.changed.values() ?? []) expect(['cancelled', 'expired']).not.toContain(was.status === quote.status ? '' : was.status); // M10
    for (const quote of quotes.values()) {
      const before = this.ended.get(quote.id);
      if (before !== undefined) expect(JSON.stringify(factsOf(quote))).toBe(before); // M10
      if (quote.status === 'cancelled' || quote.status === 'expired') this.ended.set(quote.id, JSON.stringify(factsOf(quote)));
    }
  }

  /** Two states of a quote never share a version, so whoever names one has seen the quote as it is. */
  private isOneState(quote: QuoteFacts): void {
    const [version, state] = [`${quote.id} ${quote.version}`, JSON.stringify(quote)];
    expect(this.versions.get(version) ?? state).toBe(state);
    this.versions.set(version, state);
  }

  /** The hash is that of the quotes that are there, however they came. */
  hashIsThatOfAFreshBook(): void {
    const other = new Script();
    const open = [...this.script.floor.allQuotes()].reverse();
    other.floor.install([{ market: other.market, quotes: open.map(factsOf) }]);
    expect(other.market.hash).toEqual(this.script.market.hash);
    for (const name of ['ann', 'bob', 'cat', 'dan']) expect(other.floor.exposureOf(name, 'USD')).toBe(this.openBidsOf(name));
    other.floor.forget(new Set(['m']));
    for (const name of ['ann', 'bob', 'cat', 'dan']) expect(other.floor.exposureOf(name, 'USD')).toBe(0);
  }
}

function quotesIn(event: MarketEvent): QuoteFacts[] {
  if ('quote' in event) return [event.quote];
  return 'bid' in event ? [event.bid, event.ask] : [];
}

function plain(quote: Quote) {
  const { id, side, userId: user, price, prio, status, reason, expiresAt, paymentMethodId: card, addressVersionId: address, immediate, version } = quote;
  return { id, side, user, price, prio, status, reason, expiresAt, card, address, immediate, version };
}

type Op =
  | { kind: 'place'; side: 'bid' | 'ask'; user: string; price: number; days: number; immediate: boolean }
  | { kind: 'cancel'; at: number; user: string | null }
  | { kind: 'amend'; at: number; user: string | null; price: number | null; days: number }
  | { kind: 'pass'; days: number } | { kind: 'sweep' } | { kind: 'halt' } | { kind: 'resume' }
  | { kind: 'suspend'; user: string; scope: SuspensionScope } | { kind: 'reinstate'; user: string }
  | { kind: 'facts'; user: string; engine: object; naive: Partial<NaiveUser> }
  | { kind: 'bust'; at: number; reason: string; keep: boolean } | { kind: 'complete'; at: number };

function lineOf(op: Op, pair: Pair): string {
  const { script } = pair;
  switch (op.kind) {
    case 'place': return `${pair.newId(op.side)} ${op.immediate ? (op.side === 'bid' ? 'buy' : 'sell') : op.side} ${op.user} ${op.price} ${op.days}`;
    case 'cancel': return `cancel ${pair.ownerOf(op.at, op.user)} ${pair.pick(op.at)}`;
    case 'amend': return `amend ${pair.ownerOf(op.at, op.user)} ${pair.pick(op.at)} ${op.price ?? '-'} ${op.days}`;
    case 'pass': return `pass ${op.days}`;
    case 'suspend': return `suspend ${op.user} ${op.scope}`;
    case 'reinstate': Object.assign(script.trader(op.user), { suspended: false, buyingSuspended: false, sellingSuspended: false }); return 'pass 0';
    case 'facts': return `facts ${op.user} ${JSON.stringify(op.engine)}`;
    case 'bust': return pair.naive.matches.length === 0 ? 'pass 0' : `bust ${pair.matchAt(op.at)} ${op.reason}${op.keep ? ' do_not_relist' : ''}`;
    case 'complete': { const match = script.matches.find(({ id, state }) => id === pair.matchAt(op.at) && state === 'pending'); if (match) match.state = 'completed'; return 'pass 0'; }
    default: return op.kind;
  }
}

const user = fc.constantFrom('ann', 'bob', 'cat', 'dan');
const at = fc.nat({ max: 400 });
const perhapsForeign = fc.option(user, { freq: 8 });
const cards = (name: string, n: number) => Array.from({ length: n }, (_, i) => `${name}-card${i}`);
const factsOp = fc.record({ user, n: fc.nat({ max: 2 }), what: fc.constantFrom('cards', 'addresses', 'payout') }).map(({ user: name, n, what }): Op => {
  if (what === 'cards') return { kind: 'facts', user: name, engine: { paymentMethodIds: cards(name, n) }, naive: { cards: cards(name, n) } };
  if (what === 'payout') return { kind: 'facts', user: name, engine: { payoutEnabled: n > 0 }, naive: { payout: n > 0 } };
  return { kind: 'facts', user: name, engine: { addresses: cards(name, n).map((versionId) => ({ addressId: versionId, versionId })) }, naive: { addresses: cards(name, n) } };
});
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('place' as const), side: fc.constantFrom('bid' as const, 'ask' as const), user, price: fc.integer({ min: 95, max: 105 }), days: fc.constantFrom(1, 3, 7), immediate: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('cancel' as const), at, user: perhapsForeign }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('amend' as const), at, user: perhapsForeign, price: fc.option(fc.integer({ min: 95, max: 105 })), days: fc.constantFrom(0, 0, 1, 7) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('bust' as const), at, reason: fc.constantFrom('payment_failed', 'reserve_failed', 'did_not_ship'), keep: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('complete' as const), at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), days: fc.constantFrom(0.5, 1, 3) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'sweep' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'halt' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'resume' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('suspend' as const), user, scope: fc.constantFrom('all' as const, 'buying' as const, 'selling' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reinstate' as const), user }) },
  { weight: 2, arbitrary: factsOp },
);

describe('the engine, whatever happens to a market', () => {
  it('does what the naive exchange does, step for step, and keeps the invariants M1, M2, M5 to M8 and M10', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 120, size: 'max' }), (ops) => {
        const pair = new Pair();
        for (const one of ops) pair.apply(one);
        pair.hashIsThatOfAFreshBook();
      }),
      { numRuns: 60 },
    );
  });

  it('replays from its events to the same fills and the same book (M9)', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 80, size: 'max' }), (ops) => {
        const { script } = ops.reduce((pair, one) => (pair.apply(one), pair), new Pair());
        const replay = new Replay(script.market.terms);
        for (const event of script.events) {
          const at = script.times.get(event.seq) ?? 0;
          replay.apply(event.type === 'matched' ? { ...event, at, bidId: event.bid.id, askId: event.ask.id } : { ...event, at });
        }
        expect(replay.differences).toEqual([]);
        expect(replay.market.hash).toEqual(script.market.hash);
      }),
      { numRuns: 40 },
    );
  });

  it('makes the same batches from the same commands', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
        const [one, two] = [new Pair(), new Pair()];
        for (const each of ops) { one.apply(each); two.apply(each); }
        expect(two.script.events).toEqual(one.script.events);
        expect(two.script.market.hash).toEqual(one.script.market.hash);
      }),
      { numRuns: 20 },
    );
  });

});
