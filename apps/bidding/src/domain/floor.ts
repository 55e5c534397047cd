import type { Market } from './market';
import type { Quote, QuoteFacts } from './quote';

/** The trading floor: every market of this writer, and the quotes that are open in them. */
export class Floor {
  readonly markets = new Map<string, Market>();
  private readonly open = new Map<string, Quote>();
  private readonly byUser = new Map<string, Set<Quote>>();
  /** What each user's open bids come to, by user and currency. */
  private readonly exposures = new Map<string, number>();

  get openQuotes(): number {
    return this.open.size;
  }

  quote(id: string): Quote | undefined {
    return this.open.get(id);
  }

  quotesOf(userId: string): ReadonlySet<Quote> | undefined {
    return this.byUser.get(userId);
  }

  countOf(userId: string): number {
    return this.byUser.get(userId)?.size ?? 0;
  }

  /** What a user would have to pay if all their open bids of a currency matched, without fees. */
  exposureOf(userId: string, currency: string): number {
    return this.exposures.get(`${userId} ${currency}`) ?? 0;
  }

  allQuotes(): IterableIterator<Quote> {
    return this.open.values();
  }

  /** The quote is open from now on: in the book, or waiting for a resume. */
  opened(quote: Quote): void {
    if (!this.open.has(quote.id)) this.expose(quote, quote.price);
    this.open.set(quote.id, quote);
    const own = this.byUser.get(quote.userId);
    if (own) own.add(quote);
    else this.byUser.set(quote.userId, new Set([quote]));
  }

  closed(quote: Quote): void {
    if (!this.open.delete(quote.id)) return;
    this.expose(quote, -quote.price);
    const own = this.byUser.get(quote.userId);
    own?.delete(quote);
    if (own?.size === 0) this.byUser.delete(quote.userId);
  }

  /** To be said before an open quote takes another price. */
  repriced(quote: Quote, price: number): void {
    if (this.open.has(quote.id)) this.expose(quote, price - quote.price);
  }

  /** Takes markets in as the database has them; whatever was here of them before is forgotten. */
  install(entries: readonly { readonly market: Market; readonly quotes: Iterable<QuoteFacts> }[]): void {
    this.forget(new Set(entries.map(({ market }) => market.id)));
    for (const { market, quotes } of entries) {
      this.markets.set(market.id, market);
      for (const facts of quotes) this.opened(market.admit(facts));
    }
  }

  /** By their quotes, not by their books: a batch that failed may have left a quote in neither. */
  forget(marketIds: ReadonlySet<string>): void {
    if (![...marketIds].some((id) => this.markets.has(id))) return;
    for (const quote of [...this.open.values()]) if (marketIds.has(quote.marketId)) this.closed(quote);
    for (const id of marketIds) this.markets.delete(id);
  }

  private expose({ side, userId, marketId }: Quote, by: number): void {
    if (side !== 'bid' || by === 0) return;
    const key = `${userId} ${this.markets.get(marketId)?.terms.currency ?? ''}`;
    const sum = (this.exposures.get(key) ?? 0) + by;
    if (sum === 0) this.exposures.delete(key);
    else this.exposures.set(key, sum);
  }
}
