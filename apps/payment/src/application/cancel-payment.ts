import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { stepOf } from '../domain/lifecycle';
import type { Payment } from '../domain/payment';
import { ChargeSteps } from './charge-steps';
import { Payments } from './ports';

/** Ends an unpaid charge. Until its end is known it is `processing`, and a charge that has been paid stays paid. An order that was never charged is marked, so that a late charge is refused. */
@Injectable()
export class CancelPayment {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly steps: ChargeSteps,
  ) {}

  execute(orderId: string): Promise<Payment | undefined> {
    return this.transactions.run(async (tx) => {
      const payment = await this.payments.lock(tx, orderId);
      if (!payment) {
        await this.payments.bury(tx, orderId);
        return undefined;
      }
      return stepOf(payment.state, 'cancel_asked') ? this.steps.apply(tx, payment, 'cancel_asked') : payment;
    });
  }
}
