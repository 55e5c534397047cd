import { z } from 'zod';
import { presentBalance } from '../../domain/balances';
import { closeDispute, submitEvidence } from '../../domain/disputes';
import { createRefund } from '../../domain/refunds';
import { count, listParams, metadata, params, text } from './params';
import { ok, ownRows, page, plain, route, type Route } from './route';

export const moneyRoutes: readonly Route[] = [
  route({
    method: 'GET', path: '/v1/charges', params: listParams({ payment_intent: text.optional(), transfer_group: text.optional(), customer: text.optional() }),
    run: (call) => {
      const { payment_intent, transfer_group, customer } = call.params;
      return page(call, '/v1/charges', ownRows(call, 'charges', { payment_intent, transfer_group, customer }));
    },
  }),
  route({ method: 'GET', path: '/v1/charges/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('charges', id, 'charge')) }),

  route({
    method: 'POST', path: '/v1/refunds',
    params: params({
      payment_intent: text.optional(), charge: text.optional(), amount: count.optional(), reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
      metadata: metadata.optional(),
    }),
    run: ({ unit, params: facts }) => ok(unit, createRefund(unit, facts)),
  }),
  route({
    method: 'GET', path: '/v1/refunds', params: listParams({ payment_intent: text.optional(), charge: text.optional() }),
    run: (call) => page(call, '/v1/refunds', ownRows(call, 'refunds', { payment_intent: call.params.payment_intent, charge: call.params.charge })),
  }),
  route({ method: 'GET', path: '/v1/refunds/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('refunds', id)) }),

  route({ method: 'GET', path: '/v1/balance', params: params({}), run: ({ unit }) => plain(presentBalance(unit, unit.on.account)) }),
  route({
    method: 'GET', path: '/v1/balance_transactions', params: listParams({ type: text.optional(), source: text.optional(), currency: text.optional() }),
    run: (call) => {
      const { source, type, currency } = call.params;
      return page(call, '/v1/balance_transactions', ownRows(call, 'balance_transactions', { source, type, currency }));
    },
  }),
  route({
    method: 'GET', path: '/v1/balance_transactions/:id', params: params({}),
    run: ({ unit, id }) => ok(unit, unit.must('balance_transactions', id)),
  }),

  route({
    method: 'GET', path: '/v1/disputes', params: listParams({ charge: text.optional(), payment_intent: text.optional() }),
    run: (call) => page(call, '/v1/disputes', ownRows(call, 'disputes', { charge: call.params.charge, payment_intent: call.params.payment_intent })),
  }),
  route({ method: 'GET', path: '/v1/disputes/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('disputes', id, 'dispute')) }),
  route({
    method: 'POST', path: '/v1/disputes/:id', params: params({ evidence: z.record(z.string(), text).optional(), metadata: metadata.optional(), submit: text.optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, submitEvidence(unit, id, facts.evidence ?? {})),
  }),
  route({ method: 'POST', path: '/v1/disputes/:id/close', params: params({}), run: ({ unit, id }) => ok(unit, closeDispute(unit, id)) }),
];
