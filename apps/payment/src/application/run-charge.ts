import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import type { Finding, Payment } from '../domain/payment';
import { backoffMs, KEY_MS_MAX } from '../domain/retry-policy';
import { EnsureCustomer } from './ensure-customer';
import { Cards, Payments, type TakenOperation } from './ports';
import { ChargeProvider, type IntentReading, type Reply } from './provider';
import { SettleCharge } from './settle-charge';

/** `later`: nothing is known yet. An operation goes back to `planned` only when it has never been sent. */
export type RunResult = { readonly result: 'settled'; readonly outcome: string } | { readonly result: 'later'; readonly as: 'unknown' | 'planned' | 'sent'; readonly delayMs: number; readonly code: string };

/** Carries out one step of a charge at the provider: make the intent, confirm it, or cancel it. */
@Injectable()
export class RunCharge {
  constructor(
    private readonly payments: Payments,
    private readonly cards: Cards,
    private readonly charges: ChargeProvider,
    private readonly customers: EnsureCustomer,
    private readonly settle: SettleCharge,
  ) {}

  async execute(operation: TakenOperation): Promise<RunResult> {
    const payment = await this.payments.find(operation.orderId);
    invariant(payment, `an operation without a payment: ${operation.orderId}`);
    const answer = await this.ask(operation, payment);
    failpoint('payment.afterPspBeforeRow');
    if ('result' in answer) return answer;
    await this.settle.execute(operation.orderId, answer, operation.id);
    return { result: 'settled', outcome: answer.found };
  }

  /** What was turned away unread while the charge was being ended is not sent again: a card is never charged after the wish to end it has been seen. */
  private async ask(operation: TakenOperation, payment: Payment): Promise<Finding | RunResult> {
    if (operation.isFresh && operation.kind !== 'cancel' && isBeingEnded(payment)) return { found: 'not_applied', code: 'not_wanted' };
    if (operation.kind === 'intent') return this.create(operation, payment);
    invariant(payment.intentId, `${operation.kind} without an intent: ${operation.orderId}`);
    return operation.kind === 'capture' ? this.confirm(operation, payment.intentId) : this.cancel(operation, payment.intentId);
  }

  /** The same key may be sent again at any time: the provider answers what it answered before. */
  private async create(operation: TakenOperation, payment: Payment): Promise<Finding | RunResult> {
    const { orderId, buyerId } = payment;
    const customer = await this.customers.execute(buyerId);
    if (customer.reply !== 'done') return later(operation, customer);
    const customerId = customer.value;
    const reply = await this.charges.createIntent({ key: operation.id, orderId, customerId, amount: operation.amount });
    if (reply.reply === 'done') return { found: 'intent', intentId: reply.value.id };
    if (reply.reply === 'refused') return { found: 'intent_refused', code: reply.code };
    if (!hasEnded(reply)) return later(operation, reply);
    const seen = await this.charges.findIntent(customerId, orderId);
    if (seen.reply !== 'done') return later(operation, seen);
    return seen.value ? { found: 'intent', intentId: seen.value.id } : { found: 'not_applied', code: reply.code };
  }

  private async confirm(operation: TakenOperation, intentId: string): Promise<Finding | RunResult> {
    if (!operation.isFresh) {
      const finding = await this.look(operation, intentId);
      if (finding) return finding;
      if (operation.ageMs > KEY_MS_MAX) return { found: 'not_applied', code: 'key_expired' };
    }
    const card = operation.paymentMethodId ? await this.cards.find(operation.paymentMethodId) : undefined;
    if (!card) return { found: 'declined', code: 'payment_method_unavailable' };
    const reply = await this.charges.confirmIntent({ key: operation.id, intentId, methodId: card.providerId });
    if (reply.reply === 'done') return findingOf(reply.value) ?? later(operation, { code: reply.value.status });
    if (reply.reply === 'refused') {
      if (reply.because === 'authentication_required') return { found: 'authentication_required' };
      if (reply.because === 'wrong_state') return (await this.look(operation, intentId)) ?? { found: 'not_applied', code: reply.code };
      return { found: 'declined', code: reply.code, ...(reply.chargeId ? { chargeId: reply.chargeId } : {}) };
    }
    if (!hasEnded(reply)) return later(operation, reply);
    return (await this.look(operation, intentId, 'ended')) ?? { found: 'not_applied', code: reply.code };
  }

  private async cancel(operation: TakenOperation, intentId: string): Promise<Finding | RunResult> {
    if (!operation.isFresh) {
      const finding = await this.lookForEnd(operation, intentId);
      if (finding) return finding;
      if (operation.ageMs > KEY_MS_MAX) return { found: 'not_applied', code: 'key_expired' };
    }
    const reply = await this.charges.cancelIntent({ key: operation.id, intentId });
    if (reply.reply === 'done') return endOf(reply.value) ?? later(operation, { code: reply.value.status });
    if (reply.reply === 'refused' || hasEnded(reply)) return (await this.lookForEnd(operation, intentId)) ?? { found: 'not_applied', code: reply.code };
    return later(operation, reply);
  }

  /** `ended`: the attempt is over for certain, so the failure that the intent remembers may be its own. */
  private async look(operation: TakenOperation, intentId: string, attempt?: 'ended'): Promise<Finding | RunResult | undefined> {
    const seen = await this.charges.readIntent(intentId);
    if (seen.reply !== 'done') return later(operation, seen);
    if (seen.value.status === 'processing') return later(operation, { code: 'processing' });
    const { lastFailure } = seen.value;
    const payment = await this.payments.find(operation.orderId);
    if (attempt === 'ended' && lastFailure?.chargeId && lastFailure.chargeId !== payment?.chargeId) {
      if (lastFailure.code === 'authentication_required') return { found: 'authentication_required' };
      return { found: 'declined', code: lastFailure.code, chargeId: lastFailure.chargeId };
    }
    return findingOf(seen.value);
  }

  private async lookForEnd(operation: TakenOperation, intentId: string): Promise<Finding | RunResult | undefined> {
    const seen = await this.charges.readIntent(intentId);
    if (seen.reply !== 'done') return later(operation, seen);
    return seen.value.status === 'processing' ? later(operation, { code: 'processing' }) : endOf(seen.value);
  }
}

const isBeingEnded = ({ state }: Payment) => state === 'cancelling' || state === 'giving_up';

/** What an intent's present state tells for certain; a waiting one tells nothing of the attempt that is asked about. */
export function findingOf(intent: IntentReading): Finding | undefined {
  if (intent.status === 'requires_action') return { found: 'authentication_required' };
  return endOf(intent);
}

function endOf(intent: IntentReading): Finding | undefined {
  if (intent.status === 'cancelled') return { found: 'cancelled' };
  return intent.status === 'captured' && intent.charge ? { found: 'captured', charge: intent.charge } : undefined;
}

/** The provider repeats the failure that it has stored for this key: the call is over, and only looking tells what it did. */
function hasEnded(reply: Extract<Reply<unknown>, { reply: 'not_taken' | 'unknown' }>): boolean {
  return reply.reply === 'unknown' && reply.isFinal;
}

/** Only what has never been sent, and was turned away unread, is as good as not sent. */
export function later(operation: TakenOperation, reply: { code: string; reply?: string }): RunResult {
  const as = operation.isFresh && reply.reply === 'not_taken' ? 'planned' : 'unknown';
  return { result: 'later', as, delayMs: backoffMs(operation.takes), code: reply.code };
}
