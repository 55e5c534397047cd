import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { methodUnknown, notRecoverable, paymentNotFound } from '../domain/errors';
import { stepOf } from '../domain/lifecycle';
import type { Payment } from '../domain/payment';
import { ChargeSteps } from './charge-steps';
import { type Answered, KeyedCommands } from './keyed-commands';
import { Cards, Payments } from './ports';

interface Recovery {
  readonly orderId: string;
  readonly buyerId: string;
  /** None: the same card, after authentication. */
  readonly paymentMethodId: string | undefined;
  readonly idempotencyKey: string;
}

/** The buyer's own next try, with another card or the same one. The same key begins one try only. */
@Injectable()
export class RecoverPayment {
  constructor(
    private readonly payments: Payments,
    private readonly keyed: KeyedCommands,
    private readonly cards: Cards,
    private readonly steps: ChargeSteps,
    private readonly clock: Clock,
  ) {}

  async execute({ orderId, buyerId, paymentMethodId, idempotencyKey: key }: Recovery): Promise<Answered<Payment>> {
    const card = paymentMethodId === undefined ? undefined : await this.cards.find(paymentMethodId);
    return this.keyed.within({ userId: buyerId, key }, ['recover', orderId, paymentMethodId ?? ''], async (tx, isReplay) => {
      const payment = await this.payments.lock(tx, orderId);
      if (!payment || payment.buyerId !== buyerId) throw paymentNotFound();
      if (isReplay) return payment;
      if (paymentMethodId !== undefined && card?.userId !== buyerId) throw methodUnknown();
      if (!stepOf(payment.state, 'recovered')) throw notRecoverable(payment.state);
      if (payment.recoverUntil <= this.clock.now()) throw notRecoverable('too_late');
      await this.payments.dropTimer(tx, orderId, 'retry');
      return this.steps.apply(tx, payment, 'recovered', { change: { paymentMethodId: paymentMethodId ?? payment.paymentMethodId } });
    });
  }
}
