import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { invariant } from '@libs/kernel/invariant';
import { moneyToMessage } from '@libs/kernel/money';
import { timestampOf } from '@libs/kernel/timestamp';
import type { Transaction } from '@libs/postgres/transaction';
import { capturePosting } from '../domain/ledger';
import { stepOf, type PaymentEffect, type PaymentEvent } from '../domain/lifecycle';
import { isOpen } from '../domain/operation';
import type { CapturedCharge, Payment } from '../domain/payment';
import { backoffMs, RETRY_AFTER_MS } from '../domain/retry-policy';
import { MoneyBooks } from './money-books';
import { Operations, Payments } from './ports';

export interface StepFacts {
  readonly change?: Partial<Payment>;
  readonly charge?: CapturedCharge;
}

/** The only writer of a payment's state: takes one row of the table and does what it says, in the caller's transaction and under the payment's lock. */
@Injectable()
export class ChargeSteps {
  constructor(
    private readonly payments: Payments,
    private readonly operations: Operations,
    private readonly books: MoneyBooks,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async apply(tx: Transaction, payment: Payment, event: PaymentEvent, facts: StepFacts = {}): Promise<Payment> {
    const step = stepOf(payment.state, event);
    invariant(step, `${event} of ${payment.orderId}, which is ${payment.state}`);
    const next: Payment = { ...payment, ...facts.change, state: step.to };
    const [, last] = await Promise.all([this.payments.save(tx, next), this.effects(tx, next, step.then, { event, facts })]);
    return last;
  }

  private async effects(tx: Transaction, payment: Payment, effects: readonly PaymentEffect[], cause: { event: PaymentEvent; facts: StepFacts }): Promise<Payment> {
    let next = payment;
    for (const effect of effects) next = await this.effect(tx, next, effect, cause);
    return next;
  }

  /** Also the beginning of a charge: without an intent at the provider, that is made first. */
  async confirm(tx: Transaction, payment: Payment, options: { delayMs?: number } = {}): Promise<void> {
    const { orderId, paymentMethodId } = payment;
    const kind = payment.intentId ? 'capture' : 'intent';
    await this.operations.plan(tx, { orderId, kind, amount: payment.buyer.total, paymentMethodId, ...options });
  }

  private async effect(tx: Transaction, payment: Payment, effect: PaymentEffect, { event, facts }: { event: PaymentEvent; facts: StepFacts }): Promise<Payment> {
    const { orderId } = payment;
    switch (effect) {
      case 'confirm':
        await this.confirm(tx, payment, event === 'not_applied' ? { delayMs: backoffMs(payment.tries + 2) } : {});
        break;
      case 'cancel_intent':
        return this.cancelIntent(tx, payment);
      case 'schedule_retry':
        await this.payments.setTimer(tx, { orderId, kind: 'retry', dueAt: new Date(this.clock.now().getTime() + RETRY_AFTER_MS) });
        break;
      case 'stop_timers':
        await this.payments.dropTimers(tx, orderId);
        break;
      case 'post_capture':
        invariant(facts.charge, `captured without a charge: ${orderId}`);
        await this.books.post(tx, capturePosting(orderId, facts.charge));
        break;
      case 'send_refund':
        await this.operations.plan(tx, { orderId, kind: 'refund', amount: payment.buyer.total });
        break;
      case 'announce_captured':
      case 'announce_action_required':
      case 'announce_failed':
        this.announce(tx, payment, effect);
    }
    return payment;
  }

  /** While an operation's outcome is open nothing is cancelled: its finding comes back to this effect. */
  private async cancelIntent(tx: Transaction, payment: Payment): Promise<Payment> {
    const abandoned = await this.operations.abandonPlanned(tx, payment.orderId, ['intent', 'capture']);
    for (const id of abandoned) await this.books.known(tx, id);
    if ((await this.operations.ofOrder(tx, payment.orderId)).some(isOpen)) return payment;
    if (!payment.intentId) return this.apply(tx, payment, 'cancelled_there');
    await this.operations.plan(tx, { orderId: payment.orderId, kind: 'cancel', amount: payment.buyer.total });
    return payment;
  }

  private announce(tx: Transaction, payment: Payment, effect: PaymentEffect): void {
    const { orderId, buyerId } = payment;
    const failureCode = payment.failureCode ?? 'declined';
    if (effect === 'announce_captured') {
      const amount = moneyToMessage(payment.buyer.total);
      this.outbox.add(tx, 'payment.captured', orderId, { orderId, buyerId, amount, capturedAt: timestampOf(this.clock.now()) });
    } else if (effect === 'announce_failed') {
      // Whoever cancelled it wants to know that it is over, not why the card had been declined before.
      this.outbox.add(tx, 'payment.failed', orderId, { orderId, buyerId, failureCode: payment.state === 'cancelled' ? 'cancelled' : failureCode });
    } else {
      const why = failureCode === 'authentication_required' ? failureCode : 'declined';
      this.outbox.add(tx, 'payment.action_required', orderId, { orderId, buyerId, why, recoverUntil: timestampOf(payment.recoverUntil), retriesItself: payment.state === 'retrying' });
    }
  }
}
