import { announce } from './announcements';
import { cardError, cardNamed } from './cards';
import { attach, customerNamed, detachedMethod, methodFor } from './customers';
import { present } from './present';
import { badRequest, type Declined } from './refusal';
import type { Metadata, PaymentMethod, SetupIntent } from './resources';
import type { Unit } from './unit';

export interface SetupFacts {
  readonly customer?: string | undefined;
  readonly payment_method?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly usage?: string | undefined;
  readonly allowed_payment_method_types?: readonly string[] | undefined;
}

export type Setup = { readonly intent: SetupIntent; readonly declined?: Declined };

export function createSetupIntent(unit: Unit, facts: SetupFacts): SetupIntent {
  const id = unit.id('seti');
  const method = facts.payment_method === undefined ? null : methodFor(unit, facts.payment_method).id;
  const intent = unit.put('setup_intents', {
    id, object: 'setup_intent', cancellation_reason: null, client_secret: `${id}_secret_${unit.id('x').slice(2)}`, created: unit.now, customer: customerNamed(unit, facts.customer),
    description: facts.description ?? null, last_setup_error: null, latest_attempt: null, livemode: false, metadata: facts.metadata ?? {}, next_action: null,
    payment_method: method, allowed_payment_method_types: facts.allowed_payment_method_types ?? null, payment_method_types: ['card'],
    status: method === null ? 'requires_payment_method' : 'requires_confirmation',
    usage: facts.usage ?? 'off_session', _sandbox: { account: unit.on.account },
  });
  announce(unit, 'setup_intent.created', intent);
  return intent;
}

export function confirmSetup(unit: Unit, id: string, named: string | undefined): Setup {
  const intent = unit.must('setup_intents', id, 'intent');
  requireOpen(unit, intent, 'confirm');
  const chosen = named ?? intent.payment_method;
  if (chosen === null) throw badRequest('You cannot confirm this SetupIntent because it\'s missing a payment method.', { code: 'setup_intent_unexpected_state' });
  const method = methodFor(unit, chosen);
  if (method._sandbox.isDetached) throw detachedMethod();
  const card = cardNamed(method._sandbox.card);
  if (card.setup === 'declines') return failSetup(unit, intent, method);
  if (card.setup === 'authenticates') {
    const next_action = { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: `/v1/setup_intents/${id}/authenticate` } };
    const waiting = unit.put('setup_intents', { ...intent, payment_method: method.id, status: 'requires_action', next_action });
    announce(unit, 'setup_intent.requires_action', waiting);
    return { intent: waiting };
  }
  return { intent: succeed(unit, intent, method) };
}

/** What the card's holder does in the bank's window. */
export function authenticateSetup(unit: Unit, id: string, isConfirmed: boolean): Setup {
  const intent = unit.must('setup_intents', id, 'intent');
  if (intent.status !== 'requires_action' || intent.payment_method === null) throw unexpected(unit, intent, 'authenticate');
  const method = unit.must('payment_methods', intent.payment_method);
  if (isConfirmed) return { intent: succeed(unit, intent, unit.put('payment_methods', { ...method, _sandbox: { ...method._sandbox, isAuthenticated: true } })) };
  const failed = unit.put('setup_intents', {
    ...intent, status: 'requires_payment_method', payment_method: null, next_action: null,
    last_setup_error: {
      type: 'card_error', code: 'setup_intent_authentication_failure', doc_url: '', payment_method: present(unit.world, method),
      message: 'The latest attempt to set up the payment method has failed because authentication failed.',
    },
  });
  announce(unit, 'setup_intent.setup_failed', failed);
  return { intent: failed };
}

export function cancelSetup(unit: Unit, id: string, reason: string | undefined): SetupIntent {
  const intent = unit.must('setup_intents', id, 'intent');
  requireOpen(unit, intent, 'cancel');
  const canceled = unit.put('setup_intents', { ...intent, status: 'canceled', cancellation_reason: reason ?? null, next_action: null });
  announce(unit, 'setup_intent.canceled', canceled);
  return canceled;
}

function succeed(unit: Unit, intent: SetupIntent, method: PaymentMethod): SetupIntent {
  if (intent.customer !== null) attach(unit, method.id, intent.customer);
  const done = unit.put('setup_intents', { ...intent, payment_method: method.id, status: 'succeeded', next_action: null, last_setup_error: null });
  announce(unit, 'setup_intent.succeeded', done);
  return done;
}

function failSetup(unit: Unit, intent: SetupIntent, method: PaymentMethod): Setup {
  const error = { ...cardError('generic'), payment_method: present(unit.world, method) };
  const failed = unit.put('setup_intents', { ...intent, status: 'requires_payment_method', payment_method: null, next_action: null, last_setup_error: error });
  announce(unit, 'setup_intent.setup_failed', failed);
  return { intent: failed, declined: { error } };
}

function requireOpen(unit: Unit, intent: SetupIntent, verb: string): void {
  if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpected(unit, intent, verb);
}

function unexpected(unit: Unit, intent: SetupIntent, verb: string): Error {
  return badRequest(`You cannot ${verb} this SetupIntent because it has a status of ${intent.status}.`, {
    code: 'setup_intent_unexpected_state', setup_intent: present(unit.world, intent),
  });
}
