import { announce } from './announcements';
import { cardError, cardNamed, type TestCard } from './cards';
import { fail, pay } from './charges';
import { customerNamed, detachedMethod, mergedMetadata, methodFor } from './customers';
import { present } from './present';
import { badRequest, type Declined } from './refusal';
import type { CardError, Metadata, PaymentIntent, PaymentMethod } from './resources';
import type { Unit } from './unit';

const MIN_AMOUNT = 50;
const MAX_AMOUNT = 99_999_999;

export interface IntentFacts {
  readonly customer?: string | undefined;
  readonly payment_method?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly transfer_group?: string | undefined;
  readonly receipt_email?: string | undefined;
  readonly setup_future_usage?: string | undefined;
  readonly statement_descriptor?: string | undefined;
  readonly statement_descriptor_suffix?: string | undefined;
  readonly shipping?: unknown;
}
export interface NewIntent extends IntentFacts {
  readonly amount: number;
  readonly currency: string;
  readonly capture_method?: 'automatic' | 'automatic_async' | undefined;
  readonly allowed_payment_method_types?: readonly string[] | undefined;
  readonly automatic_payment_methods?: unknown;
}

export type Payment = { readonly intent: PaymentIntent; readonly declined?: Declined };

export function createIntent(unit: Unit, facts: NewIntent): PaymentIntent {
  requireAmount(facts.amount, facts.currency);
  const id = unit.id('pi');
  const customer = customerNamed(unit, facts.customer);
  const method = facts.payment_method === undefined ? null : usable(unit, facts.payment_method, customer).id;
  const intent = unit.put('payment_intents', {
    id, object: 'payment_intent', amount: facts.amount, amount_capturable: 0, amount_received: 0, automatic_payment_methods: facts.automatic_payment_methods ?? null,
    canceled_at: null, cancellation_reason: null, capture_method: facts.capture_method ?? 'automatic_async', client_secret: `${id}_secret_${unit.id('x').slice(2)}`,
    confirmation_method: 'automatic', created: unit.now, currency: facts.currency, customer, description: facts.description ?? null, last_payment_error: null,
    latest_charge: null, livemode: false, metadata: facts.metadata ?? {}, next_action: null, payment_method: method,
    allowed_payment_method_types: facts.allowed_payment_method_types ?? null, payment_method_types: ['card'], processing: null, receipt_email: facts.receipt_email ?? null,
    setup_future_usage: facts.setup_future_usage ?? null, shipping: facts.shipping ?? null, statement_descriptor: facts.statement_descriptor ?? null,
    statement_descriptor_suffix: facts.statement_descriptor_suffix ?? null, status: method === null ? 'requires_payment_method' : 'requires_confirmation',
    transfer_group: facts.transfer_group ?? null, _sandbox: { account: unit.on.account },
  });
  announce(unit, 'payment_intent.created', intent);
  return intent;
}

export function updateIntent(unit: Unit, id: string, facts: IntentFacts & { readonly amount?: number | undefined }): PaymentIntent {
  const intent = unit.must('payment_intents', id, 'intent');
  const { metadata, payment_method, customer, amount, ...plain } = facts;
  const isOpen = intent.status === 'requires_payment_method' || intent.status === 'requires_confirmation' || intent.status === 'requires_action';
  if (!isOpen && (payment_method ?? customer ?? amount) !== undefined) throw unexpected(unit, intent, 'update');
  if (amount !== undefined) requireAmount(amount, intent.currency);
  const owner = customer === undefined ? intent.customer : customerNamed(unit, customer);
  const method = payment_method === undefined ? intent.payment_method : usable(unit, payment_method, owner).id;
  return unit.put('payment_intents', {
    ...intent, ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)), amount: amount ?? intent.amount, customer: owner,
    payment_method: method, metadata: mergedMetadata(intent.metadata, metadata), status: payment_method === undefined ? intent.status : 'requires_confirmation',
  });
}

/** Tries to take the money. A decline is an outcome that is kept: the intent waits for another method. */
export function confirmIntent(unit: Unit, id: string, how: { readonly method?: string | undefined; readonly isOffSession: boolean }): Payment {
  const intent = unit.must('payment_intents', id, 'intent');
  if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpected(unit, intent, 'confirm');
  const chosen = how.method ?? intent.payment_method;
  if (chosen === null) throw badRequest('You cannot confirm this PaymentIntent because it\'s missing a payment method.', { code: 'payment_intent_unexpected_state', payment_intent: present(unit.world, intent) });
  const method = usable(unit, chosen, intent.customer);
  const card = cardNamed(method._sandbox.card);
  if (needsHolder(card, method)) return how.isOffSession ? decline(unit, intent, method, cardError('authenticationRequired')) : { intent: askHolder(unit, intent, method) };
  return charge(unit, intent, method);
}

/** What the card's holder does in the bank's window. */
export function authenticateIntent(unit: Unit, id: string, isConfirmed: boolean): Payment {
  const intent = unit.must('payment_intents', id, 'intent');
  if (intent.status !== 'requires_action' || intent.payment_method === null) throw unexpected(unit, intent, 'authenticate');
  const method = unit.must('payment_methods', intent.payment_method);
  if (isConfirmed) return charge(unit, intent, method);
  const error: CardError = {
    type: 'card_error', code: 'payment_intent_authentication_failure', doc_url: '',
    message: 'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
  };
  return { intent: decline(unit, intent, method, error).intent };
}

export function cancelIntent(unit: Unit, id: string, reason: string | undefined): PaymentIntent {
  const intent = unit.must('payment_intents', id, 'intent');
  if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpected(unit, intent, 'cancel');
  const canceled = unit.put('payment_intents', { ...intent, status: 'canceled', canceled_at: unit.now, cancellation_reason: reason ?? null, next_action: null });
  announce(unit, 'payment_intent.canceled', canceled);
  return canceled;
}

function charge(unit: Unit, intent: PaymentIntent, method: PaymentMethod): Payment {
  const card = cardNamed(method._sandbox.card);
  if (card.declines !== undefined && method._sandbox.declinesGiven < card.declines.times) {
    unit.put('payment_methods', { ...method, _sandbox: { ...method._sandbox, declinesGiven: method._sandbox.declinesGiven + 1 } });
    return decline(unit, intent, method, cardError(card.declines.as));
  }
  return { intent: pay(unit, intent, method) };
}

function decline(unit: Unit, intent: PaymentIntent, method: PaymentMethod, error: CardError): Payment {
  const failed = fail(unit, intent, method, error);
  const kept: CardError = { ...error, charge: failed.id, payment_method: present(unit.world, method) };
  const waiting = unit.put('payment_intents', {
    ...intent, status: 'requires_payment_method', payment_method: null, next_action: null, last_payment_error: kept, latest_charge: failed.id,
  });
  announce(unit, 'payment_intent.payment_failed', waiting);
  return { intent: waiting, declined: { error: kept } };
}

function askHolder(unit: Unit, intent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  const next_action = { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: `/v1/payment_intents/${intent.id}/authenticate` } };
  const waiting = unit.put('payment_intents', { ...intent, payment_method: method.id, status: 'requires_action', next_action });
  announce(unit, 'payment_intent.requires_action', waiting);
  return waiting;
}

function needsHolder(card: TestCard, method: PaymentMethod): boolean {
  return card.authentication === 'always' || (card.authentication === 'unlessSetUp' && !method._sandbox.isAuthenticated);
}

function usable(unit: Unit, id: string, customer: string | null): PaymentMethod {
  const method = methodFor(unit, id);
  if (method._sandbox.isDetached) throw detachedMethod();
  if (method.customer === null || method.customer === customer) return method;
  throw badRequest(
    `The PaymentMethod (${id}) does not belong to the Customer you supplied${customer === null ? '' : ` (${customer})`}. Please use this PaymentMethod with the Customer that it belongs to instead.`,
    { param: 'payment_method' },
  );
}

function requireAmount(amount: number, currency: string): void {
  if (amount < MIN_AMOUNT) throw badRequest(`Amount must be at least $0.50 ${currency}`, { code: 'amount_too_small', param: 'amount' });
  if (amount > MAX_AMOUNT) throw badRequest(`Amount must be no more than $999,999.99`, { code: 'amount_too_large', param: 'amount' });
}

function unexpected(unit: Unit, intent: PaymentIntent, verb: string): Error {
  return badRequest(
    `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be ${verb}ed: requires_payment_method, requires_confirmation, requires_action.`,
    { code: 'payment_intent_unexpected_state', payment_intent: present(unit.world, intent) },
  );
}
