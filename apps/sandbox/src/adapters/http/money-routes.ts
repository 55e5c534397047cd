import { z } from 'zod';
import { presentBalance } from '../../domain/balances';
import { closeDispute, submitEvidence } from '../../domain/disputes';
import { createRefund } from '../../domain/refunds';
import type { Charge, Refund } from '../../domain/resources';
import { count, listParams, metadata, params, text } from './params';
import { ok, ownRows, page, plain, route, type Call, type Route } from './route';

type Wanted = Readonly<Record<string, unknown>>;

export const moneyRoutes: readonly Route[] = [
  route({
    method: 'GET', path: '/v1/charges', params: listParams({ payment_intent: text.optional(), transfer_group: text.optional(), customer: text.optional() }),
    run: (call) => page(call, '/v1/charges', ownRows(call, charges(call))),
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
  route({ method: 'GET', path: '/v1/refunds', params: listParams({ payment_intent: text.optional(), charge: text.optional() }), run: (call) => page(call, '/v1/refunds', ownRows(call, refunds(call))) }),
  route({ method: 'GET', path: '/v1/refunds/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('refunds', id)) }),

  route({ method: 'GET', path: '/v1/balance', params: params({}), run: ({ unit }) => plain(presentBalance(unit, unit.on.account)) }),
  route({
    method: 'GET', path: '/v1/balance_transactions', params: listParams({ type: text.optional(), source: text.optional(), payout: text.optional(), currency: text.optional() }),
    run: (call) => {
      const { type, source, currency } = call.params;
      const rows = source === undefined ? call.unit.world.all('balance_transactions') : call.unit.world.where('balance_transactions', 'source', source);
      return page(call, '/v1/balance_transactions', ownRows(call, rows).filter((row) => (type === undefined || row.type === type) && (currency === undefined || row.currency === currency)));
    },
  }),
  route({ method: 'GET', path: '/v1/balance_transactions/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('balance_transactions', id)) }),

  route({
    method: 'GET', path: '/v1/disputes', params: listParams({ charge: text.optional(), payment_intent: text.optional() }),
    run: (call) => page(call, '/v1/disputes', ownRows(call, call.unit.world.all('disputes')).filter((row) => fits(row, { charge: call.params.charge, payment_intent: call.params.payment_intent }))),
  }),
  route({ method: 'GET', path: '/v1/disputes/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('disputes', id, 'dispute')) }),
  route({
    method: 'POST', path: '/v1/disputes/:id', params: params({ evidence: z.record(z.string(), text).optional(), metadata: metadata.optional(), submit: text.optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, submitEvidence(unit, id, facts.evidence ?? {})),
  }),
  route({ method: 'POST', path: '/v1/disputes/:id/close', params: params({}), run: ({ unit, id }) => ok(unit, closeDispute(unit, id)) }),
];

function charges({ unit, params: { payment_intent, transfer_group, customer } }: Call<Wanted>): Charge[] {
  const { world } = unit;
  const rows = payment_intent !== undefined ? world.where('charges', 'payment_intent', payment_intent)
    : transfer_group !== undefined ? world.where('charges', 'transfer_group', transfer_group)
      : world.all('charges');
  return rows.filter((row) => fits(row, { transfer_group, customer }));
}

function refunds({ unit, params: { payment_intent, charge } }: Call<Wanted>): Refund[] {
  const { world } = unit;
  const rows = payment_intent !== undefined ? world.where('refunds', 'payment_intent', payment_intent)
    : charge !== undefined ? world.where('refunds', 'charge', charge)
      : world.all('refunds');
  return rows.filter((row) => fits(row, { charge }));
}

function fits(row: object, wanted: Wanted): boolean {
  return Object.entries(wanted).every(([field, value]) => value === undefined || (row as Wanted)[field] === value);
}
