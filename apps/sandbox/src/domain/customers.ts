import { announce } from './announcements';
import { cardNamed, testCards } from './cards';
import { badRequest, missingResource } from './refusal';
import type { Customer, Metadata, PaymentMethod } from './resources';
import type { Unit } from './unit';

export interface CustomerFacts {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly phone?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly address?: unknown;
  readonly shipping?: unknown;
  readonly invoice_settings?: { readonly default_payment_method?: string | undefined } | undefined;
  readonly payment_method?: string | undefined;
}

export function createCustomer(unit: Unit, facts: CustomerFacts): Customer {
  const blank: Customer = {
    id: unit.id('cus'), object: 'customer', address: null, balance: 0, created: unit.now, currency: null, default_source: null, delinquent: false, description: null,
    email: null, invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null }, livemode: false, metadata: {},
    name: null, phone: null, shipping: null, _sandbox: { account: unit.on.account },
  };
  const customer = unit.put('customers', { ...blank, ...stated(facts) });
  announce(unit, 'customer.created', customer);
  if (facts.payment_method !== undefined) attach(unit, facts.payment_method, customer.id);
  return customer;
}

export function updateCustomer(unit: Unit, id: string, facts: CustomerFacts): Customer {
  const customer = unit.must('customers', id);
  const standard = facts.invoice_settings?.default_payment_method;
  if (standard !== undefined && standard !== '' && unit.must('payment_methods', standard, 'invoice_settings[default_payment_method]').customer !== id) {
    throw badRequest(`The customer does not have a payment method with the ID ${standard}. The payment method must be attached to the customer.`, { param: 'invoice_settings[default_payment_method]' });
  }
  const updated = unit.put('customers', {
    ...customer, ...stated(facts),
    metadata: mergedMetadata(customer.metadata, facts.metadata),
    invoice_settings: standard === undefined ? customer.invoice_settings : { ...customer.invoice_settings, default_payment_method: standard || null },
  });
  announce(unit, 'customer.updated', updated);
  return updated;
}

export function deleteCustomer(unit: Unit, id: string): Readonly<Record<string, unknown>> {
  const customer = unit.must('customers', id);
  for (const method of unit.world.where('payment_methods', 'customer', id)) detach(unit, method.id);
  unit.remove('customers', id);
  announce(unit, 'customer.deleted', customer);
  return { id, object: 'customer', deleted: true };
}

/** An empty value takes a key away, as the provider does. */
export function mergedMetadata(before: Metadata, change: Metadata | undefined): Metadata {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''));
}

/** The payment method of this id; the name of a test card makes a new one, as the provider's own test names do. */
export function methodFor(unit: Unit, id: string, param = 'payment_method'): PaymentMethod {
  if (!Object.hasOwn(testCards, id)) return unit.must('payment_methods', id, param);
  const card = cardNamed(id);
  return unit.put('payment_methods', {
    id: unit.id('pm'), object: 'payment_method', allow_redisplay: 'unspecified', billing_details: { address: null, email: null, name: null, phone: null },
    card: {
      brand: card.brand, checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' }, country: 'US', display_brand: card.brand,
      exp_month: 12, exp_year: 2034, fingerprint: `fp_${card.brand}_${card.last4}`, funding: 'credit', generated_from: null, last4: card.last4,
      networks: { available: [card.brand], preferred: null }, three_d_secure_usage: { supported: true }, wallet: null,
    },
    created: unit.now, customer: null, livemode: false, metadata: {}, type: 'card',
    _sandbox: { account: unit.on.account, card: id, declinesGiven: 0, isAuthenticated: false, isDetached: false },
  });
}

export function attach(unit: Unit, id: string, customer: string): PaymentMethod {
  unit.must('customers', customer, 'customer');
  const method = methodFor(unit, id);
  if (method.customer === customer) return method;
  if (method._sandbox.isDetached) throw detachedMethod();
  if (method.customer !== null) throw badRequest('The payment method you provided has already been attached to a customer.', { code: 'payment_method_already_attached' });
  const attached = unit.put('payment_methods', { ...method, customer });
  announce(unit, 'payment_method.attached', attached);
  return attached;
}

export function detach(unit: Unit, id: string): PaymentMethod {
  const method = unit.must('payment_methods', id, 'payment_method');
  if (method.customer === null) throw badRequest('The payment method you provided is not attached to a customer so detachment is impossible.', { param: 'payment_method' });
  const customer = unit.get('customers', method.customer);
  if (customer?.invoice_settings.default_payment_method === id) {
    unit.put('customers', { ...customer, invoice_settings: { ...customer.invoice_settings, default_payment_method: null } });
  }
  const detached = unit.put('payment_methods', { ...method, customer: null, _sandbox: { ...method._sandbox, isDetached: true } });
  announce(unit, 'payment_method.detached', detached);
  return detached;
}

export function detachedMethod(): Error {
  return badRequest(
    'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment or was detached from a Customer. It may not be used again.',
    { code: 'payment_method_unexpected_state' },
  );
}

export function customerNamed(unit: Unit, id: string | undefined): string | null {
  if (id === undefined) return null;
  if (unit.get('customers', id)?._sandbox.account !== unit.on.account) throw missingResource('customer', id, 'customer');
  return id;
}

function stated(facts: CustomerFacts): Partial<Customer> {
  const { email, name, phone, description, metadata, address, shipping } = facts;
  return Object.fromEntries(
    Object.entries({ email, name, phone, description, metadata, address, shipping }).filter(([, value]) => value !== undefined).map(([key, value]) => [key, value === '' ? null : value]),
  );
}
