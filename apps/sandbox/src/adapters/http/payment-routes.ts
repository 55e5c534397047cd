import { z } from 'zod';
import { cardError } from '../../domain/cards';
import { attach, createCustomer, deleteCustomer, detach, updateCustomer } from '../../domain/customers';
import { authenticateIntent, cancelIntent, confirmIntent, createIntent, updateIntent, type Payment } from '../../domain/payment-intents';
import { badRequest, Refusal } from '../../domain/refusal';
import type { PaymentMethod } from '../../domain/resources';
import { authenticateSetup, cancelSetup, confirmSetup, createSetupIntent, type Setup } from '../../domain/setup-intents';
import type { Unit } from '../../domain/unit';
import { anything, count, currency, flag, listParams, metadata, params, text } from './params';
import { ok, ownRows, page, plain, route, show, type Answer, type Route } from './route';
import { search } from './search';

const customerFacts = {
  email: text.optional(), name: text.optional(), phone: text.optional(), description: text.optional(), metadata: metadata.optional(), address: anything, shipping: anything,
  invoice_settings: z.strictObject({ default_payment_method: text.optional() }).optional(),
};
const intentFacts = {
  customer: text.optional(), payment_method: text.optional(), description: text.optional(), metadata: metadata.optional(), transfer_group: text.optional(),
  receipt_email: text.optional(), setup_future_usage: z.enum(['off_session', 'on_session']).optional(), statement_descriptor: text.optional(),
  statement_descriptor_suffix: text.optional(), shipping: anything,
};
const confirmation = {
  payment_method: text.optional(), off_session: z.union([flag, z.enum(['one_off', 'recurring']).transform(() => true)]).optional(), return_url: text.optional(),
  error_on_requires_action: flag.optional(), mandate_data: anything, use_stripe_sdk: flag.optional(), receipt_email: text.optional(),
  setup_future_usage: z.enum(['off_session', 'on_session']).optional(), payment_method_options: anything,
};
const methodTypes = {
  allowed_payment_method_types: z.array(z.literal('card')).optional(),
  automatic_payment_methods: z.strictObject({ enabled: flag, allow_redirects: z.enum(['always', 'never']).optional() }).optional(),
};
const byHolder = params({ outcome: z.enum(['succeed', 'fail']).default('succeed') });

export const paymentRoutes: readonly Route[] = [
  route({
    method: 'POST', path: '/v1/customers', params: params({ ...customerFacts, payment_method: text.optional() }),
    run: ({ unit, params: facts }) => ok(unit, createCustomer(unit, facts)),
  }),
  route({
    method: 'GET', path: '/v1/customers', params: listParams({ email: text.optional() }),
    run: (call) => page(call, '/v1/customers', ownRows(call, 'customers', { email: call.params.email })),
  }),
  route({ method: 'GET', path: '/v1/customers/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('customers', id)) }),
  route({
    method: 'POST', path: '/v1/customers/:id', params: params(customerFacts),
    run: ({ unit, id, params: facts }) => ok(unit, updateCustomer(unit, id, facts)),
  }),
  route({ method: 'DELETE', path: '/v1/customers/:id', params: params({}), run: ({ unit, id }) => plain(deleteCustomer(unit, id)) }),
  route({
    method: 'GET', path: '/v1/customers/:id/payment_methods', params: listParams({ type: text.optional() }),
    run: (call) => page(call, `/v1/customers/${call.id}/payment_methods`, cardsOf(call.unit, call.id)),
  }),

  route({
    method: 'GET', path: '/v1/payment_methods', params: listParams({ customer: text.optional(), type: text.optional() }),
    run: (call) => page(call, '/v1/payment_methods', call.params.customer === undefined ? [] : cardsOf(call.unit, call.params.customer)),
  }),
  route({ method: 'GET', path: '/v1/payment_methods/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('payment_methods', id)) }),
  route({
    method: 'POST', path: '/v1/payment_methods/:id/attach', params: params({ customer: text }),
    run: ({ unit, id, params: { customer } }) => ok(unit, attach(unit, id, customer)),
  }),
  route({ method: 'POST', path: '/v1/payment_methods/:id/detach', params: params({}), run: ({ unit, id }) => ok(unit, detach(unit, id)) }),

  route({
    method: 'POST', path: '/v1/setup_intents',
    params: params({
      customer: text.optional(), payment_method: text.optional(), description: text.optional(), metadata: metadata.optional(), usage: z.enum(['off_session', 'on_session']).optional(),
      confirm: flag.optional(), return_url: text.optional(), mandate_data: anything, payment_method_options: anything, ...methodTypes,
    }),
    run: ({ unit, params: facts }) => {
      const intent = createSetupIntent(unit, facts);
      return facts.confirm === true ? setupAnswer(unit, confirmSetup(unit, intent.id, undefined)) : ok(unit, intent);
    },
  }),
  route({
    method: 'GET', path: '/v1/setup_intents', params: listParams({ customer: text.optional() }),
    run: (call) => page(call, '/v1/setup_intents', ownRows(call, 'setup_intents', { customer: call.params.customer })),
  }),
  route({
    method: 'GET', path: '/v1/setup_intents/:id', isPublic: true, params: params({}),
    run: ({ unit, id }) => ok(unit, unit.must('setup_intents', id, 'intent')),
  }),
  route({
    method: 'POST', path: '/v1/setup_intents/:id/confirm', isPublic: true, params: params(confirmation),
    run: ({ unit, id, params: how }) => setupAnswer(unit, confirmSetup(unit, id, how.payment_method)),
  }),
  route({
    method: 'POST', path: '/v1/setup_intents/:id/authenticate', isPublic: true, params: byHolder,
    run: ({ unit, id, params: { outcome } }) => setupAnswer(unit, authenticateSetup(unit, id, outcome === 'succeed')),
  }),
  route({
    method: 'POST', path: '/v1/setup_intents/:id/cancel', params: params({ cancellation_reason: text.optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, cancelSetup(unit, id, facts.cancellation_reason)),
  }),

  route({
    method: 'POST', path: '/v1/payment_intents',
    params: params({
      ...confirmation, ...intentFacts, ...methodTypes, amount: count, currency, capture_method: z.enum(['automatic', 'automatic_async']).optional(),
      confirm: flag.optional(), confirmation_method: z.literal('automatic').optional(),
    }),
    run: ({ unit, params: facts }) => {
      if (facts.off_session !== undefined && facts.confirm !== true) {
        throw badRequest('The parameter off_session can only be passed when confirm is true.', { param: 'off_session' });
      }
      const intent = createIntent(unit, facts);
      if (facts.confirm !== true) return ok(unit, intent);
      return paymentAnswer(unit, confirmIntent(unit, intent.id, { isOffSession: facts.off_session ?? false }), facts.error_on_requires_action);
    },
  }),
  route({
    method: 'GET', path: '/v1/payment_intents', params: listParams({ customer: text.optional() }),
    run: (call) => page(call, '/v1/payment_intents', ownRows(call, 'payment_intents', { customer: call.params.customer })),
  }),
  route({
    method: 'GET', path: '/v1/payment_intents/search', params: params({ query: text, limit: count.optional(), page: text.optional() }),
    run: ({ unit, params: { query, limit } }) => plain(search(unit, query, limit ?? 10)),
  }),
  route({
    method: 'GET', path: '/v1/payment_intents/:id', isPublic: true, params: params({}),
    run: ({ unit, id }) => ok(unit, unit.must('payment_intents', id, 'intent')),
  }),
  route({
    method: 'POST', path: '/v1/payment_intents/:id', params: params({ ...intentFacts, amount: count.optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, updateIntent(unit, id, facts)),
  }),
  route({
    method: 'POST', path: '/v1/payment_intents/:id/confirm', params: params(confirmation), isPublic: true,
    run: ({ unit, id, params: how }) => {
      const payment = confirmIntent(unit, id, { method: how.payment_method, isOffSession: how.off_session ?? false });
      return paymentAnswer(unit, payment, how.error_on_requires_action);
    },
  }),
  route({
    method: 'POST', path: '/v1/payment_intents/:id/authenticate', isPublic: true, params: byHolder,
    run: ({ unit, id, params: { outcome } }) => paymentAnswer(unit, authenticateIntent(unit, id, outcome === 'succeed')),
  }),
  route({
    method: 'POST', path: '/v1/payment_intents/:id/cancel',
    params: params({ cancellation_reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned']).optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, cancelIntent(unit, id, facts.cancellation_reason)),
  }),
];

function cardsOf(unit: Unit, customer: string): PaymentMethod[] {
  return unit.world.where('payment_methods', 'customer', unit.must('customers', customer, 'customer').id);
}

function paymentAnswer(unit: Unit, { intent, declined }: Payment, isErrorOnAction = false): Answer {
  const payment_intent = show(unit, intent);
  if (declined !== undefined) return { status: 402, body: { error: { ...declined.error, payment_intent } } };
  if (isErrorOnAction && intent.status === 'requires_action') {
    throw new Refusal(402, { ...cardError('authenticationRequired') });
  }
  return plain(payment_intent);
}

function setupAnswer(unit: Unit, { intent, declined }: Setup): Answer {
  const setup_intent = show(unit, intent);
  return declined === undefined ? plain(setup_intent) : { status: 402, body: { error: { ...declined.error, setup_intent } } };
}
