import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import type { Money } from '@libs/kernel/money';
import { Transactions } from '@libs/postgres/transaction';
import { paymentDiffers, paymentEnded } from '../domain/errors';
import type { Payment } from '../domain/payment';
import { RECOVER_WITHIN_MS } from '../domain/retry-policy';
import { Bills } from './bills';
import { ChargeSteps } from './charge-steps';
import { Payments } from './ports';

export interface ChargeOrder {
  readonly orderId: string;
  readonly buyerId: string;
  readonly sellerId: string;
  readonly price: Money;
  readonly paymentMethodId: string;
  readonly bidAcceptedAt: Date;
  readonly askAcceptedAt: Date;
}

/** Writes down that an order is to be charged; the loop does it. Asked again, it tells how the charge stands. */
@Injectable()
export class ProcessPayment {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly steps: ChargeSteps,
    private readonly bills: Bills,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async execute(order: ChargeOrder): Promise<Payment> {
    const { buyer, seller } = await this.bills.both(order.price, order.bidAcceptedAt, order.askAcceptedAt);
    const payment = await this.transactions.run(async (tx) => {
      // The lock goes out first: the rest is read under it.
      const [known, isBuried] = await Promise.all([this.payments.lock(tx, order.orderId), this.payments.isBuried(tx, order.orderId)]);
      if (known) return sameOrder(known, order);
      if (isBuried) throw paymentEnded();
      const { orderId, buyerId, sellerId, price, paymentMethodId } = order;
      const recoverUntil = new Date(this.clock.now().getTime() + RECOVER_WITHIN_MS);
      const opened: Payment = {
        id: this.ids.next('pay'), orderId, buyerId, sellerId, price, buyer, seller, paymentMethodId, state: 'processing', tries: 0,
        hasRetriedItself: false, failureCode: undefined, intentId: undefined, chargeId: undefined, recoverUntil,
      };
      await Promise.all([this.payments.open(tx, opened), this.payments.setTimer(tx, { orderId, kind: 'give_up', dueAt: recoverUntil }), this.steps.confirm(tx, opened)]);
      return opened;
    });
    failpoint('payment.afterIntentRow');
    return payment;
  }
}

function sameOrder(payment: Payment, order: ChargeOrder): Payment {
  const isSame = payment.buyerId === order.buyerId && payment.sellerId === order.sellerId && payment.price.minor === order.price.minor && payment.price.currency === order.price.currency;
  if (!isSame) throw paymentDiffers();
  return payment;
}
