/**
 * The same market written a second time, as plainly as can be: one list of quotes, scanned from its start for every question,
 * nothing indexed, nothing linked. Shares no code with the engine, so that the two can be held against each other.
 */
export interface NaiveQuote {
  id: string;
  side: 'bid' | 'ask';
  user: string;
  price: number;
  prio: number;
  status: string;
  reason: string | null;
  expiresAt: number;
  card: string | null;
  address: string;
  immediate: boolean;
  version: number;
}

export interface NaiveMatch {
  id: string;
  bid: string;
  ask: string;
  price: number;
  seq: number;
  state: string;
}

export interface NaiveUser {
  suspended: boolean;
  noBuying: boolean;
  noSelling: boolean;
  cards: string[];
  addresses: string[];
  payout: boolean;
}

const DAY = 86_400_000;

export class NaiveExchange {
  quotes: NaiveQuote[] = [];
  matches: NaiveMatch[] = [];
  users = new Map<string, NaiveUser>();
  seq = 0;
  matchSeq = 0;
  halted = false;
  retired = false;

  place(p: { id: string; side: 'bid' | 'ask'; user: string; price: number; days: number; immediate: boolean }, now: number, matchId: string): string {
    const user = this.user(p.user);
    if (this.retired) return 'market_retired';
    if (this.halted) return 'market_halted';
    if (user.suspended || (p.side === 'bid' && user.noBuying)) return 'user_suspended';
    if (p.side === 'ask' && user.noSelling) return 'selling_suspended';
    if (p.side === 'ask' && !user.payout) return 'payout_account_required';
    if (p.side === 'bid' && user.cards.length === 0) return 'payment_method_required';
    if (user.addresses.length === 0) return 'address_required';
    const quote: NaiveQuote = {
      id: p.id, side: p.side, user: p.user, price: p.price, prio: 0, status: 'active', reason: null, expiresAt: now + p.days * DAY,
      card: p.side === 'bid' ? user.cards[0]! : null, address: user.addresses[0]!, immediate: p.immediate, version: 1,
    };
    const other = this.meets(quote, now);
    if (other && other.user === p.user) return 'self_match';
    if (!other && p.immediate) return this.firstAlive(p.side, now) ? 'price_moved' : 'no_quotes';
    this.quotes.push(quote);
    quote.prio = this.seq + 1;
    if (other) this.pair(quote, other, matchId);
    else this.seq++;
    return 'done';
  }

  cancel(id: string, user: string, now: number): string {
    const quote = this.openOf(id, user);
    if (!quote) return 'quote_not_found';
    if (quote.expiresAt <= now) return this.end(quote, 'expired', null, 'not_open');
    return this.end(quote, 'cancelled', 'user', 'done');
  }

  amend(a: { id: string; user: string; price: number | null; days: number }, now: number, matchId: string): string {
    const quote = this.openOf(a.id, a.user);
    if (!quote) return 'quote_not_found';
    if (quote.expiresAt <= now) return this.end(quote, 'expired', null, 'not_open');
    if (this.retired) return 'market_retired';
    if (this.halted) return 'market_halted';
    const expiresAt = a.days === 0 ? quote.expiresAt : now + a.days * DAY;
    if (a.price === null || a.price === quote.price) {
      if (expiresAt === quote.expiresAt) return 'done';
      this.seq++;
      quote.version++;
      quote.expiresAt = expiresAt;
      return 'done';
    }
    const other = this.meets({ ...quote, price: a.price }, now);
    if (other && other.user === a.user) return 'self_match';
    quote.version++;
    quote.price = a.price;
    quote.expiresAt = expiresAt;
    quote.prio = this.seq + 1;
    if (other) this.pair(quote, other, matchId);
    else this.seq++;
    return 'done';
  }

  sweep(now: number): void {
    for (const quote of this.quotes) if (isOpen(quote) && quote.expiresAt <= now) this.end(quote, 'expired', null, '');
  }

  suspend(name: string, scope: 'all' | 'buying' | 'selling'): void {
    if (scope === 'buying') this.user(name).noBuying = true;
    else if (scope === 'selling') this.user(name).noSelling = true;
    else this.user(name).suspended = true;
    for (const quote of this.quotes) {
      if (isOpen(quote) && quote.user === name && scope !== (quote.side === 'bid' ? 'selling' : 'buying')) this.end(quote, 'cancelled', 'suspended', '');
    }
  }

  reinstate(name: string): void {
    Object.assign(this.user(name), { suspended: false, noBuying: false, noSelling: false });
  }

  facts(name: string, change: Partial<NaiveUser>): void {
    const user = Object.assign(this.user(name), change);
    for (const quote of this.quotes) {
      if (!isOpen(quote) || quote.user !== name) continue;
      const reason = this.repin(quote, user, () => void (this.seq++, quote.version++));
      if (reason) this.end(quote, 'cancelled', reason, '');
    }
  }

  halt(): void {
    if (!this.halted) this.seq++;
    this.halted = true;
  }

  resume(now: number, matchIds: () => string): void {
    if (!this.halted) return;
    this.halted = false;
    this.seq++;
    for (;;) {
      const waiting = this.quotes.filter((quote) => quote.status === 'inactive').sort((a, b) => a.prio - b.prio)[0];
      if (!waiting) return;
      if (waiting.expiresAt <= now) { this.end(waiting, 'expired', null, ''); continue; }
      const other = this.meets(waiting, now);
      if (other && other.user === waiting.user) this.end(waiting, 'cancelled', 'self_match', '');
      else if (!other && waiting.immediate) this.end(waiting, 'cancelled', 'no_liquidity', '');
      else {
        waiting.version++;
        if (other) this.pair(waiting, other, matchIds());
        else { waiting.status = 'active'; this.seq++; }
      }
    }
  }

  bust({ id, reason, doNotRelist }: { id: string; reason: string; doNotRelist: boolean }, now: number, matchId: () => string): string {
    const match = this.matches.find((m) => m.id === id)!;
    if (match.state === 'bust') return 'done';
    const bid = this.quotes.find((q) => q.id === match.bid)!;
    const ask = this.quotes.find((q) => q.id === match.ask)!;
    const back = reason === 'payment_failed' ? ask : reason === 'reserve_failed' ? bid : null;
    if (back && match.state === 'completed') return 'match_completed';
    match.state = 'bust';
    if (!back) { this.stepOfMatches(); return 'done'; }
    const gone = back === bid ? ask : bid;
    back.version++;
    gone.version++;
    gone.status = 'cancelled';
    gone.reason = reason;
    const user = this.user(back.user);
    const close = (status: string, why: string | null) => { back.status = status; back.reason = why; this.stepOfMatches(); return 'done'; };
    if (back.expiresAt <= now) return close('expired', null);
    if (user.suspended || (back.side === 'bid' ? user.noBuying : user.noSelling)) return close('cancelled', 'suspended');
    if (this.retired) return close('cancelled', 'market_retired');
    if (doNotRelist) return close('cancelled', 'user');
    const unpinned = this.repin(back, user, () => undefined);
    if (unpinned) return close('cancelled', unpinned);
    if (this.halted) return close('inactive', null);
    const other = this.meets(back, now);
    if (other && other.user === back.user) return close('cancelled', 'self_match');
    if (!other && back.immediate) return close('cancelled', 'no_liquidity');
    this.stepOfMatches();
    back.status = 'active';
    if (other) this.pair(back, other, matchId());
    return 'done';
  }

  retire(): void {
    this.retired = true;
    for (const quote of this.quotes) if (isOpen(quote)) this.end(quote, 'cancelled', 'market_retired', '');
  }

  user(name: string): NaiveUser {
    if (!this.users.has(name)) this.users.set(name, { suspended: false, noBuying: false, noSelling: false, cards: [`${name}-card`], addresses: [`${name}-home-1`], payout: true });
    return this.users.get(name)!;
  }

  private repin(quote: NaiveQuote, user: NaiveUser, changed: () => void): string | null {
    if (quote.side === 'ask' && !user.payout) return 'payout_account_disabled';
    if (quote.side === 'bid' && user.cards.length === 0) return 'payment_method_removed';
    if (user.addresses.length === 0) return 'address_removed';
    const card = quote.side === 'ask' ? null : user.cards.includes(quote.card!) ? quote.card : user.cards[0]!;
    const address = user.addresses.includes(quote.address) ? quote.address : user.addresses[0]!;
    if (card !== quote.card || address !== quote.address) changed();
    quote.card = card;
    quote.address = address;
    return null;
  }

  /** The best live quote that `quote` crosses; better but dead ones expire first. */
  private meets(quote: NaiveQuote, now: number): NaiveQuote | null {
    for (;;) {
      const best = this.best(quote.side, (q) => (quote.side === 'bid' ? q.price <= quote.price : q.price >= quote.price));
      if (!best || best.expiresAt > now) return best;
      this.end(best, 'expired', null, '');
    }
  }

  private firstAlive(side: 'bid' | 'ask', now: number): NaiveQuote | null {
    for (;;) {
      const best = this.best(side, () => true);
      if (!best || best.expiresAt > now) return best;
      this.end(best, 'expired', null, '');
    }
  }

  private best(against: 'bid' | 'ask', fits: (q: NaiveQuote) => boolean): NaiveQuote | null {
    let best: NaiveQuote | null = null;
    for (const q of this.quotes) {
      if (q.status !== 'active' || q.side === against || !fits(q)) continue;
      if (!best) { best = q; continue; }
      const better = against === 'bid' ? q.price < best.price : q.price > best.price;
      if (better || (q.price === best.price && q.prio < best.prio)) best = q;
    }
    return best;
  }

  private pair(incoming: NaiveQuote, resting: NaiveQuote, id: string): void {
    incoming.status = 'matched';
    resting.status = 'matched';
    resting.version++;
    this.stepOfMatches();
    const [bid, ask] = incoming.side === 'bid' ? [incoming, resting] : [resting, incoming];
    this.matches.push({ id, bid: bid.id, ask: ask.id, price: resting.price, seq: this.seq, state: 'pending' });
  }

  private stepOfMatches(): void {
    this.seq++;
    this.matchSeq++;
  }

  private openOf(id: string, user: string): NaiveQuote | undefined {
    return this.quotes.find((q) => q.id === id && q.user === user && isOpen(q));
  }

  private end(quote: NaiveQuote, status: string, reason: string | null, answer: string): string {
    quote.status = status;
    quote.reason = reason;
    quote.version++;
    this.seq++;
    return answer;
  }
}

function isOpen(quote: NaiveQuote): boolean {
  return quote.status === 'active' || quote.status === 'inactive';
}
