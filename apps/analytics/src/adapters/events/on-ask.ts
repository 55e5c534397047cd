import { Injectable } from '@nestjs/common';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { EventOf } from '@libs/contracts/events';
import type { Quote } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { OnEvent } from '@libs/events/on-event';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { Asks } from '../../application/ports';

/** Whatever the two topics say of an ask: the market's sequence tells which word is the last. */
@Injectable()
export class OnAsk {
  constructor(private readonly asks: Asks) {}

  @OnEvent('ask.placed')
  placed(tx: Transaction, event: EventOf<'ask.placed'>): Promise<void> {
    return this.note(tx, event.quote, event);
  }

  @OnEvent('ask.updated')
  updated(tx: Transaction, event: EventOf<'ask.updated'>): Promise<void> {
    return this.note(tx, event.quote, event);
  }

  @OnEvent('ask.cancelled')
  cancelled(tx: Transaction, event: EventOf<'ask.cancelled'>): Promise<void> {
    return this.note(tx, event.quote, event);
  }

  @OnEvent('ask.expired')
  expired(tx: Transaction, event: EventOf<'ask.expired'>): Promise<void> {
    return this.note(tx, event.quote, event);
  }

  @OnEvent('match.created')
  async matched(tx: Transaction, { askId, marketId, marketSeq, price }: EventOf<'match.created'>): Promise<void> {
    await this.asks.note(tx, { askId, marketId, price: moneyFromMessage(price), isOpen: false, expiresAt: undefined, marketSeq: Number(marketSeq) });
  }

  @OnEvent('trade.busted')
  busted(tx: Transaction, event: EventOf<'trade.busted'>): Promise<void> {
    return this.note(tx, event.ask, event);
  }

  private async note(tx: Transaction, quote: Quote | undefined, { marketId, marketSeq }: { marketId: string; marketSeq: bigint }): Promise<void> {
    if (!quote || quote.side !== 'ask') return;
    const { id: askId, price, status, expiresAt } = quote;
    await this.asks.note(tx, { askId, marketId, price: moneyFromMessage(price), isOpen: status === 'active', expiresAt: expiresAt && timestampDate(expiresAt), marketSeq: Number(marketSeq) });
  }
}
