import { Injectable } from '@nestjs/common';
import type { Transaction } from '@libs/postgres/transaction';
import { isPaymentNews, isPayoutNews, type PaymentStatus, type PayoutStatus } from '../domain/order';
import { Advance } from './advance';
import { Orders, Steps } from './ports';

/** What payment announces. A step's own answer may have told it before; whichever comes first counts, once. */
@Injectable()
export class RecordPayment {
  constructor(
    private readonly orders: Orders,
    private readonly steps: Steps,
    private readonly advance: Advance,
  ) {}

  async captured(tx: Transaction, orderId: string): Promise<void> {
    const { order } = await this.advance.execute(tx, orderId, { event: 'payment_captured', actor: 'system' });
    if (order.buyerLines.length > 0) return this.steps.finish(tx, orderId, ['charge', 'cancel_payment'], 'done');
    // The charge still has to tell what exactly was charged, also when it was given up since the order was cancelled.
    await Promise.all([this.steps.again(tx, orderId, 'charge'), this.steps.finish(tx, orderId, ['cancel_payment'], 'done')]);
  }

  async failed(tx: Transaction, orderId: string, failureCode: string): Promise<void> {
    const { order } = await this.advance.execute(tx, orderId, { event: 'payment_failed', actor: 'system', reason: failureCode });
    // An order that an admin has cancelled takes no such event, but its charge has ended all the same.
    if (isPaymentNews(order.paymentStatus, 'failed')) await this.orders.patch(tx, orderId, { paymentStatus: 'failed' });
    await this.steps.finish(tx, orderId, ['charge', 'cancel_payment'], 'done');
  }

  async actionRequired(tx: Transaction, orderId: string, retriesItself: boolean): Promise<void> {
    const order = await this.orders.lock(tx, orderId);
    const paymentStatus: PaymentStatus = retriesItself ? 'retrying' : 'action_required';
    if (order?.status === 'pending') await this.orders.patch(tx, orderId, { paymentStatus });
  }

  async refunded(tx: Transaction, orderId: string, isBorneByPlatform: boolean): Promise<void> {
    await this.orders.lock(tx, orderId);
    await this.orders.patch(tx, orderId, { paymentStatus: 'refunded' });
    await this.steps.finish(tx, orderId, [isBorneByPlatform ? 'refund_from_platform' : 'refund'], 'done');
  }

  async payout(tx: Transaction, orderId: string, payoutStatus: PayoutStatus, isOnItsWay: boolean): Promise<void> {
    const order = await this.orders.lock(tx, orderId);
    if (order && isPayoutNews(order.payoutStatus, payoutStatus)) await this.orders.patch(tx, orderId, { payoutStatus });
    if (isOnItsWay) await this.steps.finish(tx, orderId, ['payout'], 'done');
  }
  /** The money stays owed, whatever was told before; payment's own list says what to do. */
  async payoutFailed(tx: Transaction, orderId: string): Promise<void> {
    await this.orders.lock(tx, orderId);
    await this.orders.patch(tx, orderId, { payoutStatus: 'owed' });
    await this.steps.finish(tx, orderId, ['payout'], 'done');
  }
}
