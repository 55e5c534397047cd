import { announce } from './announcements';
import { move } from './balances';
import { cardNamed } from './cards';
import { badRequest } from './refusal';
import type { Charge, Metadata, Refund } from './resources';
import type { Unit } from './unit';

const SETTLES_AFTER_MS = 3_600_000;

export interface RefundFacts {
  readonly payment_intent?: string | undefined;
  readonly charge?: string | undefined;
  readonly amount?: number | undefined;
  readonly reason?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

export function createRefund(unit: Unit, facts: RefundFacts): Refund {
  const charge = chargeToRefund(unit, facts);
  const left = charge.amount - charge.amount_refunded;
  if (charge.disputed) throw badRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, { code: 'charge_disputed' });
  if (left === 0) throw badRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  const amount = facts.amount ?? left;
  if (amount > left) throw badRequest(`Refund amount ($${dollars(amount)}) is greater than unrefunded amount on charge ($${dollars(left)})`, { param: 'amount' });
  const id = unit.id('re');
  const line = move(unit, { account: unit.on.account, type: 'refund', amount: -amount, currency: charge.currency, source: id, availableOn: unit.now, description: 'REFUND FOR CHARGE' });
  const after = charge._sandbox.card === null ? undefined : cardNamed(charge._sandbox.card).refund;
  const refund = unit.put('refunds', {
    id, object: 'refund', amount, balance_transaction: line.id, charge: charge.id, created: unit.now, currency: charge.currency,
    destination_details: { card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' }, type: 'card' },
    metadata: facts.metadata ?? {}, payment_intent: charge.payment_intent, ...(after === 'pends' && { pending_reason: 'processing' }), reason: facts.reason ?? null,
    receipt_number: null, source_transfer_reversal: null, status: after === 'pends' ? 'pending' : 'succeeded', transfer_reversal: null,
    _sandbox: { account: unit.on.account },
  });
  if (after !== undefined) unit.schedule({ atMs: unit.on.nowMs + SETTLES_AFTER_MS, what: 'refund_settles', subject: id });
  const refunded = unit.put('charges', { ...charge, amount_refunded: charge.amount_refunded + amount, refunded: left === amount });
  announce(unit, 'refund.created', refund);
  announce(unit, 'charge.refunded', refunded);
  return refund;
}

/** The bank's word on a refund that was promised: it went through after all, or it came back and the money is ours again. */
export function settleRefund(unit: Unit, id: string): void {
  const refund = unit.get('refunds', id);
  const charge = refund && unit.get('charges', refund.charge);
  if (refund === undefined || charge === undefined) return;
  if (charge._sandbox.card !== null && cardNamed(charge._sandbox.card).refund === 'fails') {
    failRefund(unit, refund, charge);
    return;
  }
  const settled = unit.put('refunds', { ...refund, pending_reason: undefined, status: 'succeeded' });
  announce(unit, 'refund.updated', settled, refund._sandbox.account);
  announce(unit, 'charge.refund.updated', settled, refund._sandbox.account);
}

function failRefund(unit: Unit, refund: Refund, charge: Charge): void {
  const line = move(unit, {
    account: refund._sandbox.account, type: 'refund_failure', amount: refund.amount, currency: refund.currency, source: refund.id, availableOn: unit.now, description: 'REFUND FAILURE',
  });
  const failed = unit.put('refunds', { ...refund, status: 'failed', failure_reason: 'expired_or_canceled_card', failure_balance_transaction: line.id });
  unit.put('charges', { ...charge, amount_refunded: charge.amount_refunded - refund.amount, refunded: false });
  for (const type of ['refund.failed', 'refund.updated', 'charge.refund.updated']) announce(unit, type, failed, refund._sandbox.account);
}

function chargeToRefund(unit: Unit, facts: RefundFacts): Charge {
  if (facts.charge !== undefined) return requirePaid(unit.must('charges', facts.charge, 'charge'));
  if (facts.payment_intent === undefined) throw badRequest('One of the following params should be provided for this request: payment_intent or charge.', { code: 'parameter_missing' });
  const intent = unit.must('payment_intents', facts.payment_intent, 'payment_intent');
  if (intent.status !== 'succeeded' || intent.latest_charge === null) {
    throw badRequest(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, { code: 'payment_intent_unexpected_state', param: 'payment_intent' });
  }
  return requirePaid(unit.must('charges', intent.latest_charge));
}

function requirePaid(charge: Charge): Charge {
  if (charge.status !== 'succeeded') throw badRequest(`Charge ${charge.id} is not in a state that can be refunded.`, { code: 'charge_not_refundable' });
  return charge;
}

function dollars(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
}
