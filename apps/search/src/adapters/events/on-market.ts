import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import type { Quote } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { OnEvent } from '@libs/events/on-event';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { Facts } from '../../application/ports';

interface AskEvent {
  readonly marketId: string;
  readonly marketSeq: bigint;
  readonly quote?: Quote | undefined;
}

/**
 * The open asks of each market. Every event that changes an ask shows it whole, as of a step of its market, and the steps run over both topics:
 * the highest one is what is true, however late and in whatever order we hear of it.
 */
@Injectable()
export class OnMarket {
  constructor(private readonly facts: Facts) {}

  @OnEvent('ask.placed')
  placed(tx: Transaction, event: EventOf<'ask.placed'>): Promise<void> {
    return this.shown(tx, event);
  }

  @OnEvent('ask.updated')
  updated(tx: Transaction, event: EventOf<'ask.updated'>): Promise<void> {
    return this.shown(tx, event);
  }

  @OnEvent('ask.cancelled')
  cancelled(tx: Transaction, event: EventOf<'ask.cancelled'>): Promise<void> {
    return this.shown(tx, event);
  }

  @OnEvent('ask.expired')
  expired(tx: Transaction, event: EventOf<'ask.expired'>): Promise<void> {
    return this.shown(tx, event);
  }

  @OnEvent('match.created')
  async matched(tx: Transaction, { marketId, marketSeq, askId, price }: EventOf<'match.created'>): Promise<void> {
    await this.facts.ask(tx, { askId, marketId, seq: Number(marketSeq), isOpen: false, price: moneyFromMessage(price).minor });
  }

  /** The sale is none, and the ask may be back. */
  @OnEvent('trade.busted')
  async busted(tx: Transaction, { marketId, marketSeq, matchId, ask }: EventOf<'trade.busted'>): Promise<void> {
    await this.facts.busted(tx, matchId, marketId);
    await this.shown(tx, { marketId, marketSeq, quote: ask });
  }

  private async shown(tx: Transaction, { marketId, marketSeq, quote }: AskEvent): Promise<void> {
    invariant(quote, `step ${marketSeq} of ${marketId} without its ask`);
    await this.facts.ask(tx, { askId: quote.id, marketId, seq: Number(marketSeq), isOpen: quote.status === 'active', price: moneyFromMessage(quote.price).minor });
  }
}
