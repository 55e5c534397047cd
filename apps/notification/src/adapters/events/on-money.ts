import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { type Delivery, OnEvent } from '@libs/events/on-event';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { PlanMessage } from '../../application/plan-message';
import { isoOf, sourceOf } from './fields';

/** What is charged, sent back and paid out. That a charge has failed for good is told by the order that it ends. */
@Injectable()
export class OnMoney {
  constructor(private readonly planning: PlanMessage) {}

  @OnEvent('payment.captured')
  async captured(tx: Transaction, { orderId, buyerId, amount }: EventOf<'payment.captured'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'order_paid', userId: buyerId, facts: { amount: moneyFromMessage(amount) }, orderId });
  }

  @OnEvent('payment.action_required')
  async actionRequired(tx: Transaction, { orderId, buyerId, why, recoverUntil }: EventOf<'payment.action_required'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'payment_action', userId: buyerId, facts: { reason: why, until: isoOf(recoverUntil) }, orderId });
  }

  @OnEvent('payment.refunded')
  async refunded(tx: Transaction, { orderId, buyerId, amount }: EventOf<'payment.refunded'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'refunded', userId: buyerId, facts: { amount: moneyFromMessage(amount) }, orderId });
  }

  @OnEvent('payout.paid')
  async paidOut(tx: Transaction, { orderId, sellerId, amount }: EventOf<'payout.paid'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'payout_paid', userId: sellerId, facts: { amount: moneyFromMessage(amount) }, orderId });
  }

  @OnEvent('payout.failed')
  async payoutFailed(tx: Transaction, { orderId, sellerId }: EventOf<'payout.failed'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'payout_failed', userId: sellerId, facts: {}, orderId });
  }
}
