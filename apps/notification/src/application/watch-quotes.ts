import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { money } from '@libs/kernel/money';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { PlanMessage } from './plan-message';
import { type Quote, Quotes } from './ports';

const HOUR_MS = 3_600_000;
/** A quote of days is warned of a day ahead, a shorter one when an eighth of its time is left. */
const WARNED_AHEAD_MS = 24 * HOUR_MS;
const SHARE = 8;
const BATCH = 100;

/** When its owner is told that a quote ends soon: not at all when it lives for less than some hours. */
export function warnAtOf({ placedAt, expiresAt }: Pick<Quote, 'placedAt' | 'expiresAt'>): Date | undefined {
  const lifeMs = expiresAt.getTime() - placedAt.getTime();
  if (lifeMs < SHARE * HOUR_MS) return undefined;
  return new Date(expiresAt.getTime() - (lifeMs >= 2 * WARNED_AHEAD_MS ? WARNED_AHEAD_MS : Math.floor(lifeMs / SHARE)));
}

/** Follows bids and asks: whose is no longer the best, and whose ends soon. */
@Injectable()
export class WatchQuotes {
  constructor(
    private readonly quotes: Quotes,
    private readonly planning: PlanMessage,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  /** It rests in the book, as of this sequence of its market. Who is outbid hears of it once. */
  async rests(tx: Transaction, quote: Quote, { seq, isRetold }: { seq: number; isRetold: boolean }): Promise<void> {
    const at = this.clock.now();
    const isNews = await this.quotes.put(tx, quote, { seq, warnAt: warnAtOf(quote), at });
    if (isNews && !isRetold && quote.isActive && quote.side === 'bid') await this.tellOutbid(tx, quote, at);
  }

  async ended(tx: Transaction, quoteId: string, seq: number): Promise<void> {
    await this.quotes.end(tx, quoteId, { seq, at: this.clock.now() });
  }

  /** Answers whether there may be more. */
  async warn(): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const quotes = await this.quotes.takeExpiring(tx, this.clock.now(), BATCH);
      for (const quote of quotes) await this.tellExpiring(tx, quote);
      return quotes.length === BATCH;
    });
  }

  dueCount(): Promise<number> {
    return this.quotes.expiringCount(this.clock.now());
  }

  /** Once for each price of one's own: who is outbid again at the same price knows it already. */
  private async tellOutbid(tx: Transaction, bid: Quote, now: Date): Promise<void> {
    const outbid = await this.quotes.outbidBy(tx, bid, now);
    if (!outbid) return;
    const facts = { price: money(bid.currency, bid.priceMinor), before: money(bid.currency, outbid.priceMinor) };
    await this.planning.execute(tx, { source: `outbid/${outbid.bidId}/${outbid.priceMinor}`, kind: 'outbid', userId: outbid.userId, facts, marketId: bid.marketId });
  }

  private async tellExpiring(tx: Transaction, quote: Quote): Promise<void> {
    const facts = { side: quote.side, price: money(quote.currency, quote.priceMinor), until: quote.expiresAt.toISOString() };
    await this.planning.execute(tx, { source: `expiring/${quote.id}/${quote.expiresAt.toISOString()}`, kind: 'quote_expiring', userId: quote.userId, facts, marketId: quote.marketId });
  }
}
