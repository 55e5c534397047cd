import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import type { Transaction } from '@libs/postgres/transaction';
import { RecordPayment } from '../../application/record-payment';

@Injectable()
export class OnPayment {
  constructor(private readonly payments: RecordPayment) {}

  @OnEvent('payment.captured')
  async captured(tx: Transaction, { orderId }: EventOf<'payment.captured'>): Promise<void> {
    await this.payments.captured(tx, orderId);
  }

  @OnEvent('payment.failed')
  async failed(tx: Transaction, { orderId, failureCode }: EventOf<'payment.failed'>): Promise<void> {
    await this.payments.failed(tx, orderId, failureCode);
  }

  @OnEvent('payment.action_required')
  async actionRequired(tx: Transaction, { orderId, retriesItself }: EventOf<'payment.action_required'>): Promise<void> {
    await this.payments.actionRequired(tx, orderId, retriesItself);
  }

  @OnEvent('payment.refunded')
  async refunded(tx: Transaction, { orderId, borneByPlatform }: EventOf<'payment.refunded'>): Promise<void> {
    await this.payments.refunded(tx, orderId, borneByPlatform);
  }

  @OnEvent('payout.released')
  async released(tx: Transaction, { orderId }: EventOf<'payout.released'>): Promise<void> {
    await this.payments.payout(tx, orderId, 'owed', false);
  }

  @OnEvent('payout.transferred')
  async transferred(tx: Transaction, { orderId }: EventOf<'payout.transferred'>): Promise<void> {
    await this.payments.payout(tx, orderId, 'transferring', true);
  }

  @OnEvent('payout.paid')
  async paid(tx: Transaction, { orderId }: EventOf<'payout.paid'>): Promise<void> {
    await this.payments.payout(tx, orderId, 'paid', true);
  }

  @OnEvent('payout.failed')
  async payoutFailed(tx: Transaction, { orderId }: EventOf<'payout.failed'>): Promise<void> {
    await this.payments.payoutFailed(tx, orderId);
  }
}
