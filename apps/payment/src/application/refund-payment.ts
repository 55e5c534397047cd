import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { alreadyReleased, notCaptured, paymentNotFound } from '../domain/errors';
import { stepOf } from '../domain/lifecycle';
import type { Payment } from '../domain/payment';
import { ChargeSteps } from './charge-steps';
import { Payments, Payouts, Refunds } from './ports';

/** Writes down that the buyer gets all of it back: from the hold, or, when the seller is paid nonetheless, from the platform's own money. Once for each order. */
@Injectable()
export class RefundPayment {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly refunds: Refunds,
    private readonly payouts: Payouts,
    private readonly steps: ChargeSteps,
  ) {}

  execute({ orderId, reason, isBorneByPlatform }: { orderId: string; reason: string; isBorneByPlatform: boolean }): Promise<Payment> {
    return this.transactions.run(async (tx) => {
      const payment = await this.payments.lock(tx, orderId);
      if (!payment) throw paymentNotFound();
      if (await this.refunds.ofOrder(tx, orderId)) return payment;
      if (!stepOf(payment.state, 'refund_asked')) throw notCaptured(payment.state);
      if (!isBorneByPlatform && (await this.payouts.ofOrder(tx, orderId))) throw alreadyReleased();
      await this.refunds.add(tx, { orderId, reason, isBorneByPlatform });
      return this.steps.apply(tx, payment, 'refund_asked');
    });
  }
}
