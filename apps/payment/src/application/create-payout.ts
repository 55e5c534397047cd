import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { alreadyRefunded, notCaptured, paymentNotFound } from '../domain/errors';
import { releasePosting } from '../domain/ledger';
import type { Payment } from '../domain/payment';
import type { Payout } from '../domain/payout';
import { MoneyBooks } from './money-books';
import { PayoutSteps } from './payout-steps';
import { Payments, Payouts } from './ports';

const paidStates: ReadonlySet<Payment['state']> = new Set(['captured', 'refunding', 'refunded']);

/** Ends the hold in the seller's favour; the transfer and the payout follow. Once for each order. */
@Injectable()
export class CreatePayout {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly payouts: Payouts,
    private readonly steps: PayoutSteps,
    private readonly books: MoneyBooks,
  ) {}

  execute(orderId: string): Promise<Payout> {
    return this.transactions.run(async (tx) => {
      const payment = await this.payments.lock(tx, orderId);
      if (!payment) throw paymentNotFound();
      const known = await this.payouts.ofOrder(tx, orderId);
      if (known) return known;
      if (!paidStates.has(payment.state)) throw notCaptured(payment.state);
      const refund = await this.books.refundOf(tx, orderId);
      if (refund && !refund.isBorneByPlatform) throw alreadyRefunded();
      await this.books.post(tx, releasePosting(payment));
      return this.steps.open(tx, { orderId, sellerId: payment.sellerId, amount: payment.seller.total });
    });
  }
}
