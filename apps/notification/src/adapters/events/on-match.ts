import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { type Delivery, OnEvent } from '@libs/events/on-event';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { PlanMessage } from '../../application/plan-message';
import { Known } from '../../application/ports';
import { WatchQuotes } from '../../application/watch-quotes';
import { sourceOf } from './fields';
import { quoteOf } from './on-market';

/** Whose quote may live on after a bust: the side that is not to blame. The other one hears it from the order that is cancelled. */
const returning: Readonly<Record<string, 'bid' | 'ask'>> = { payment_failed: 'ask', reserve_failed: 'bid' };

@Injectable()
export class OnMatch {
  constructor(
    private readonly known: Known,
    private readonly watching: WatchQuotes,
    private readonly planning: PlanMessage,
  ) {}

  @OnEvent('match.created')
  async created(tx: Transaction, event: EventOf<'match.created'>, delivery: Delivery): Promise<void> {
    const { matchId, marketId, bidId, askId, buyerId, sellerId } = event;
    const price = moneyFromMessage(event.price);
    await this.known.match(tx, { id: matchId, marketId, priceMinor: price.minor, currency: price.currency });
    for (const id of [bidId, askId]) await this.watching.ended(tx, id, Number(event.marketSeq));
    const plan = { source: sourceOf(delivery), facts: { price }, matchId };
    await this.planning.execute(tx, { ...plan, kind: 'match_buyer', userId: buyerId });
    await this.planning.execute(tx, { ...plan, kind: 'match_seller', userId: sellerId });
  }

  @OnEvent('trade.busted')
  async busted(tx: Transaction, { matchId, reason, bid, ask, marketSeq }: EventOf<'trade.busted'>, delivery: Delivery): Promise<void> {
    for (const quote of [bid, ask]) if (quote?.status === 'active') await this.watching.rests(tx, quoteOf(quote), { seq: Number(marketSeq), isRetold: delivery.isRetold });
    const side = returning[reason];
    const quote = side === 'bid' ? bid : ask;
    if (!side || !quote) return;
    const facts = { side, price: moneyFromMessage(quote.price), isBack: quote.status === 'active' || quote.status === 'inactive' };
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'quote_returned', userId: quote.userId, facts, matchId });
  }
}
