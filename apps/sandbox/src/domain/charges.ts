import { announce } from './announcements';
import { cardMoneyAvailableOn, move } from './balances';
import { cardNamed } from './cards';
import { openDispute } from './disputes';
import type { CardError, Charge, PaymentIntent, PaymentMethod } from './resources';
import type { Unit } from './unit';

const FEE_PER_MILLE = 29;
const FEE_FIXED = 30;
const FEE_KNOWN_AFTER_MS = 3_600_000;

/** 2.9 % and 30, the percentage rounded half up. */
export function processingFee(amount: number): number {
  return Math.floor((amount * FEE_PER_MILLE + 500) / 1000) + FEE_FIXED;
}

/** Takes the money. With `automatic_async` the fee, and so the balance's line, is known an hour later. */
export function pay(unit: Unit, intent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  const charge = unit.put('charges', newCharge(unit, intent, method, null));
  const isKnownAtOnce = intent.capture_method === 'automatic';
  const settled = isKnownAtOnce ? settle(unit, charge) : charge;
  if (!isKnownAtOnce) unit.schedule({ atMs: unit.on.nowMs + FEE_KNOWN_AFTER_MS, what: 'fee_becomes_known', subject: charge.id });
  const paid = unit.put('payment_intents', {
    ...intent, status: 'succeeded', payment_method: method.id, amount_received: intent.amount, latest_charge: charge.id, next_action: null, last_payment_error: null,
  });
  announce(unit, 'charge.succeeded', settled);
  announce(unit, 'payment_intent.succeeded', paid);
  if (cardNamed(method._sandbox.card).isDisputed) openDispute(unit, settled);
  return paid;
}

export function fail(unit: Unit, intent: PaymentIntent, method: PaymentMethod, error: CardError): Charge {
  const charge = unit.put('charges', newCharge(unit, intent, method, error));
  announce(unit, 'charge.failed', charge);
  return charge;
}

export function learnFee(unit: Unit, chargeId: string): void {
  const charge = unit.get('charges', chargeId);
  if (charge !== undefined) announce(unit, 'charge.updated', settle(unit, charge), charge._sandbox.account);
}

function settle(unit: Unit, charge: Charge): Charge {
  const isAtOnce = charge._sandbox.card !== null && cardNamed(charge._sandbox.card).isAvailableAtOnce === true;
  const line = move(unit, {
    account: charge._sandbox.account, type: 'charge', amount: charge.amount, fee: processingFee(charge.amount), currency: charge.currency, source: charge.id,
    availableOn: isAtOnce ? unit.now : cardMoneyAvailableOn(unit.now), description: charge.description,
  });
  return unit.put('charges', { ...charge, balance_transaction: line.id });
}

function newCharge(unit: Unit, intent: PaymentIntent, method: PaymentMethod, error: CardError | null): Charge {
  const isPaid = error === null;
  return {
    id: unit.id('ch'), object: 'charge', amount: intent.amount, amount_captured: isPaid ? intent.amount : 0, amount_refunded: 0, balance_transaction: null,
    billing_details: method.billing_details, captured: isPaid, created: unit.now, currency: intent.currency, customer: intent.customer, description: intent.description,
    disputed: false, failure_balance_transaction: null, failure_code: error?.code ?? null, failure_message: error?.message ?? null, livemode: false,
    metadata: intent.metadata,
    outcome: isPaid
      ? { network_status: 'approved_by_network', reason: null, risk_level: 'normal', seller_message: 'Payment complete.', type: 'authorized' }
      : { network_status: 'declined_by_network', reason: error.decline_code ?? error.code, risk_level: 'normal', seller_message: error.message, type: 'issuer_declined' },
    paid: isPaid, payment_intent: intent.id, payment_method: method.id, payment_method_details: { type: 'card', card: method.card }, receipt_email: intent.receipt_email,
    refunded: false, source_transfer: null, status: isPaid ? 'succeeded' : 'failed', transfer_group: intent.transfer_group,
    _sandbox: { account: unit.on.account, card: method._sandbox.card, transferredMinor: 0 },
  };
}
