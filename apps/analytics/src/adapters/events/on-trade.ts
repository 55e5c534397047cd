import { Injectable } from '@nestjs/common';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { EventOf } from '@libs/contracts/events';
import { type Delivery, OnEvent } from '@libs/events/on-event';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { KeepPortfolio } from '../../application/keep-portfolio';
import { RecordTrade } from '../../application/record-trade';

/** What makes a trade a sale, and what takes it back. */
@Injectable()
export class OnTrade {
  constructor(
    private readonly recording: RecordTrade,
    private readonly portfolio: KeepPortfolio,
  ) {}

  @OnEvent('match.created')
  async matched(tx: Transaction, { matchId, marketId, marketSeq }: EventOf<'match.created'>): Promise<void> {
    await this.recording.matched(tx, { matchId, marketId, marketSeq: Number(marketSeq) });
  }

  @OnEvent('order.created')
  async paid(tx: Transaction, event: EventOf<'order.created'>): Promise<void> {
    const { matchId, orderId, marketId, productId, size, buyerId, sellerId, price, paidAt } = event;
    invariant(paidAt, 'order.created without the instant of its payment');
    await this.recording.paid(tx, { matchId, orderId, marketId, productId, size, buyerId, sellerId, price: moneyFromMessage(price), soldAt: timestampDate(paidAt) });
  }

  @OnEvent('trade.busted')
  async busted(tx: Transaction, { matchId, marketId }: EventOf<'trade.busted'>): Promise<void> {
    await this.recording.busted(tx, { matchId, marketId });
  }

  /** A portfolio is its owner's: what has come into it once may have been taken out. */
  @OnEvent('order.delivered')
  async delivered(tx: Transaction, { orderId, deliveredAt }: EventOf<'order.delivered'>, { isRetold }: Delivery): Promise<void> {
    invariant(deliveredAt, 'order.delivered without its instant');
    if (isRetold) return;
    await this.portfolio.delivered(tx, orderId, timestampDate(deliveredAt));
  }
}
