import { invariant } from '@libs/kernel/invariant';
import type { Finding, Payment, PaymentState } from './payment';
import { isSoftDecline, TRIES_MAX } from './retry-policy';

export type PaymentEvent =
  | 'intent_created' | 'intent_refused' | 'captured' | 'soft_declined' | 'declined' | 'exhausted' | 'authentication_required' | 'not_applied'
  | 'cancelled_there' | 'retry_due' | 'recovered' | 'time_up' | 'cancel_asked' | 'refund_asked' | 'refund_done' | 'refund_undone';

export type PaymentEffect =
  | 'confirm' | 'cancel_intent' | 'schedule_retry' | 'stop_timers' | 'post_capture' | 'send_refund'
  | 'announce_captured' | 'announce_action_required' | 'announce_failed';

interface Step {
  readonly to: PaymentState;
  readonly then: readonly PaymentEffect[];
}

/** The ledger comes last: all charges share the row of the provider's balance, and wait for each other from there on. */
const captured: Step = { to: 'captured', then: ['stop_timers', 'announce_captured', 'post_capture'] };
const failed: Step = { to: 'failed', then: ['stop_timers', 'announce_failed'] };
const givingUp: Step = { to: 'giving_up', then: ['stop_timers', 'cancel_intent'] };
const cancelling: Step = { to: 'cancelling', then: ['stop_timers', 'cancel_intent'] };
const waiting: Step = { to: 'action_required', then: ['announce_action_required'] };
const confirming: Step = { to: 'processing', then: ['confirm'] };
const stillGivingUp: Step = { to: 'giving_up', then: ['cancel_intent'] };
const stillCancelling: Step = { to: 'cancelling', then: ['cancel_intent'] };
const cancelled: Step = { to: 'cancelled', then: ['announce_failed'] };

/** The charge, whole. What is not in this table cannot happen. Captured wins over every wish to end it. */
export const lifecycle: Record<PaymentState, Partial<Record<PaymentEvent, Step>>> = {
  processing: {
    intent_created: confirming,
    intent_refused: failed,
    captured,
    soft_declined: { to: 'retrying', then: ['schedule_retry', 'announce_action_required'] },
    declined: waiting,
    exhausted: givingUp,
    authentication_required: waiting,
    not_applied: confirming,
    cancelled_there: failed,
    time_up: givingUp,
    cancel_asked: cancelling,
  },
  retrying: { captured, retry_due: confirming, recovered: confirming, cancelled_there: failed, time_up: givingUp, cancel_asked: cancelling },
  action_required: { captured, recovered: confirming, cancelled_there: failed, time_up: givingUp, cancel_asked: cancelling },
  giving_up: { captured, cancelled_there: failed, intent_created: stillGivingUp, intent_refused: failed, not_applied: stillGivingUp },
  cancelling: {
    captured,
    cancelled_there: cancelled,
    intent_created: stillCancelling,
    intent_refused: cancelled,
    soft_declined: stillCancelling,
    declined: stillCancelling,
    exhausted: stillCancelling,
    authentication_required: stillCancelling,
    not_applied: stillCancelling,
  },
  captured: { refund_asked: { to: 'refunding', then: ['send_refund'] } },
  failed: {},
  cancelled: {},
  refunding: { refund_done: { to: 'refunded', then: [] } },
  refunded: { refund_undone: { to: 'refunding', then: [] } },
};

export function stepOf(state: PaymentState, event: PaymentEvent): Step | undefined {
  return lifecycle[state][event];
}

/** Which event a finding is, and what it changes besides the state. */
export function eventOf(payment: Payment, finding: Finding): { event: PaymentEvent; change: Partial<Payment> } {
  switch (finding.found) {
    case 'intent':
      return { event: 'intent_created', change: { intentId: finding.intentId } };
    case 'intent_refused':
      return { event: 'intent_refused', change: { failureCode: finding.code } };
    case 'captured':
      // The buyer's own client may still pay while the end after the third decline is under way: that is no fourth try of ours.
      return { event: 'captured', change: { chargeId: finding.charge.chargeId, tries: Math.min(payment.tries + 1, TRIES_MAX), failureCode: undefined } };
    case 'declined':
      return declined(payment, finding);
    case 'authentication_required':
      return { event: 'authentication_required', change: { failureCode: 'authentication_required' } };
    case 'not_applied':
      return { event: 'not_applied', change: {} };
    case 'cancelled':
      return { event: 'cancelled_there', change: { failureCode: payment.failureCode ?? 'cancelled' } };
  }
}

function declined(payment: Payment, { code, chargeId }: { code: string; chargeId?: string }): { event: PaymentEvent; change: Partial<Payment> } {
  invariant(payment.tries < TRIES_MAX, `a fourth try of ${payment.orderId}`);
  const tries = payment.tries + 1;
  const change = { tries, failureCode: code, chargeId: chargeId ?? payment.chargeId };
  if (tries >= TRIES_MAX) return { event: 'exhausted', change };
  if (isSoftDecline(code) && !payment.hasRetriedItself) return { event: 'soft_declined', change: { ...change, hasRetriedItself: true } };
  return { event: 'declined', change };
}
