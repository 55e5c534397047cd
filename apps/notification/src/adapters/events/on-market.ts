import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { type Delivery, OnEvent } from '@libs/events/on-event';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { PlanMessage } from '../../application/plan-message';
import type { Plan, Quote } from '../../application/ports';
import { WatchQuotes } from '../../application/watch-quotes';
import { dateOf, sourceOf } from './fields';

/** What all of these events have. */
type Rested = Pick<EventOf<'bid.placed'>, 'quote' | 'marketId' | 'marketSeq'>;

/** Bids and asks that rest in the book, and end there. */
@Injectable()
export class OnMarket {
  constructor(
    private readonly watching: WatchQuotes,
    private readonly planning: PlanMessage,
  ) {}

  @OnEvent('bid.placed')
  async bidPlaced(tx: Transaction, event: EventOf<'bid.placed'>, delivery: Delivery): Promise<void> {
    await this.rests(tx, event, delivery);
  }

  @OnEvent('bid.updated')
  async bidUpdated(tx: Transaction, event: EventOf<'bid.updated'>, delivery: Delivery): Promise<void> {
    await this.rests(tx, event, delivery);
  }

  @OnEvent('ask.placed')
  async askPlaced(tx: Transaction, event: EventOf<'ask.placed'>, delivery: Delivery): Promise<void> {
    await this.rests(tx, event, delivery);
  }

  @OnEvent('ask.updated')
  async askUpdated(tx: Transaction, event: EventOf<'ask.updated'>, delivery: Delivery): Promise<void> {
    await this.rests(tx, event, delivery);
  }

  @OnEvent('bid.expired')
  async bidExpired(tx: Transaction, event: EventOf<'bid.expired'>, delivery: Delivery): Promise<void> {
    await this.ended(tx, event, { kind: 'quote_expired', source: sourceOf(delivery) });
  }

  @OnEvent('ask.expired')
  async askExpired(tx: Transaction, event: EventOf<'ask.expired'>, delivery: Delivery): Promise<void> {
    await this.ended(tx, event, { kind: 'quote_expired', source: sourceOf(delivery) });
  }

  @OnEvent('bid.cancelled')
  async bidCancelled(tx: Transaction, event: EventOf<'bid.cancelled'>, delivery: Delivery): Promise<void> {
    await this.cancelled(tx, event, delivery);
  }

  @OnEvent('ask.cancelled')
  async askCancelled(tx: Transaction, event: EventOf<'ask.cancelled'>, delivery: Delivery): Promise<void> {
    await this.cancelled(tx, event, delivery);
  }

  private async rests(tx: Transaction, { quote, marketSeq }: Rested, { isRetold }: Delivery): Promise<void> {
    if (quote) await this.watching.rests(tx, quoteOf(quote), { seq: Number(marketSeq), isRetold });
  }

  /** Who cancelled a quote themselves knows it. */
  private async cancelled(tx: Transaction, event: Rested, delivery: Delivery): Promise<void> {
    await this.ended(tx, event, event.quote?.reason === 'user' ? undefined : { kind: 'quote_cancelled', source: sourceOf(delivery) });
  }

  private async ended(tx: Transaction, { quote, marketSeq, marketId }: Rested, told: Pick<Plan, 'kind' | 'source'> | undefined): Promise<void> {
    if (!quote) return;
    await this.watching.ended(tx, quote.id, Number(marketSeq));
    if (!told) return;
    const facts = { side: quote.side, price: moneyFromMessage(quote.price), reason: quote.reason };
    await this.planning.execute(tx, { ...told, userId: quote.userId, facts, marketId });
  }
}

export function quoteOf({ id, marketId, side, userId, price, priority, status, placedAt, expiresAt }: NonNullable<Rested['quote']>): Quote {
  const { minor: priceMinor, currency } = moneyFromMessage(price);
  return {
    id, marketId, side: side === 'bid' ? 'bid' : 'ask', userId, priceMinor, currency, priority: Number(priority), isActive: status === 'active',
    placedAt: dateOf(placedAt), expiresAt: dateOf(expiresAt),
  };
}
