import { z } from 'zod';
import { accountOf, addExternalAccount, bankOf, createAccount, deleteAccount, removeExternalAccount, updateAccount } from '../../domain/accounts';
import { cancelPayout, createPayout } from '../../domain/payouts';
import { badRequest } from '../../domain/refusal';
import { PLATFORM } from '../../domain/resources';
import { createTransfer, reverseTransfer, updateTransfer } from '../../domain/transfers';
import { anything, count, currency, flag, listParams, metadata, params, text } from './params';
import { ok, ownRows, page, plain, route, type Route } from './route';

const bank = z.union([
  text,
  z.strictObject({
    object: z.literal('bank_account'), country: text, currency, account_number: text, routing_number: text.optional(), account_holder_name: text.optional(),
    account_holder_type: text.optional(),
  }),
]);
const accountFacts = {
  email: text.optional(), business_type: text.optional(), business_profile: anything, settings: anything, tos_acceptance: anything, individual: anything, company: anything,
  default_currency: currency.optional(), capabilities: z.record(z.string(), z.strictObject({ requested: flag.optional() })).optional(), external_account: bank.optional(),
  metadata: metadata.optional(),
};

const accounts: readonly Route[] = [
  route({
    method: 'POST', path: '/v1/accounts', params: params({ ...accountFacts, type: z.enum(['custom', 'express']).optional(), controller: anything, country: text.optional() }),
    run: ({ unit, params: { type, country, ...facts } }) => {
      if (unit.on.account !== PLATFORM) throw badRequest('You can only create new accounts as a platform.');
      return ok(unit, createAccount(unit, type ?? 'custom', country ?? 'US', facts));
    },
  }),
  route({
    method: 'GET', path: '/v1/accounts', params: listParams({}),
    run: (call) => page(call, '/v1/accounts', ownRows(call, 'accounts')),
  }),
  route({ method: 'GET', path: '/v1/accounts/:id', params: params({}), run: ({ unit, id }) => ok(unit, accountOf(unit, id)) }),
  route({
    method: 'POST', path: '/v1/accounts/:id', params: params(accountFacts),
    run: ({ unit, id, params: facts }) => ok(unit, updateAccount(unit, id, facts)),
  }),
  route({ method: 'DELETE', path: '/v1/accounts/:id', params: params({}), run: ({ unit, id }) => plain(deleteAccount(unit, id)) }),
  route({
    method: 'POST', path: '/v1/accounts/:id/external_accounts', params: params({ external_account: bank, default_for_currency: flag.optional(), metadata: metadata.optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, addExternalAccount(unit, id, facts.external_account, facts.metadata ?? {})),
  }),
  route({
    method: 'GET', path: '/v1/accounts/:id/external_accounts', params: listParams({ object: text.optional() }),
    run: (call) => page(call, `/v1/accounts/${call.id}/external_accounts`, call.unit.world.where('bank_accounts', 'account', accountOf(call.unit, call.id).id)),
  }),
  route({
    method: 'GET', path: '/v1/accounts/:id/external_accounts/:bank', params: params({}),
    run: ({ unit, id, innerId }) => ok(unit, bankOf(unit, accountOf(unit, id).id, innerId)),
  }),
  route({
    method: 'DELETE', path: '/v1/accounts/:id/external_accounts/:bank', params: params({}),
    run: ({ unit, id, innerId }) => plain(removeExternalAccount(unit, id, innerId)),
  }),
];

const transfers: readonly Route[] = [
  route({
    method: 'POST', path: '/v1/transfers',
    params: params({
      amount: count.optional(), currency, destination: text, source_transaction: text.optional(), transfer_group: text.optional(), description: text.optional(),
      metadata: metadata.optional(), source_type: z.literal('card').optional(),
    }),
    run: ({ unit, params: facts }) => ok(unit, createTransfer(unit, facts)),
  }),
  route({
    method: 'GET', path: '/v1/transfers', params: listParams({ transfer_group: text.optional(), destination: text.optional() }),
    run: (call) => page(call, '/v1/transfers', ownRows(call, 'transfers', { transfer_group: call.params.transfer_group, destination: call.params.destination })),
  }),
  route({ method: 'GET', path: '/v1/transfers/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('transfers', id, 'transfer')) }),
  route({
    method: 'POST', path: '/v1/transfers/:id', params: params({ metadata: metadata.optional(), description: text.optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, updateTransfer(unit, id, facts.metadata, facts.description)),
  }),
  route({
    method: 'POST', path: '/v1/transfers/:id/reversals', params: params({ amount: count.optional(), metadata: metadata.optional(), description: text.optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, reverseTransfer(unit, id, facts)),
  }),
  route({
    method: 'GET', path: '/v1/transfers/:id/reversals', params: listParams({}),
    run: (call) => page(call, `/v1/transfers/${call.id}/reversals`, call.unit.world.where('transfer_reversals', 'transfer', call.unit.must('transfers', call.id).id)),
  }),
  route({
    method: 'GET', path: '/v1/transfers/:id/reversals/:reversal', params: params({}),
    run: ({ unit, innerId }) => ok(unit, unit.must('transfer_reversals', innerId)),
  }),
];

const payouts: readonly Route[] = [
  route({
    method: 'POST', path: '/v1/payouts',
    params: params({
      amount: count, currency, destination: text.optional(), description: text.optional(), method: z.enum(['standard', 'instant']).optional(), metadata: metadata.optional(),
      source_type: z.literal('card').optional(), statement_descriptor: text.optional(),
    }),
    run: ({ unit, params: facts }) => ok(unit, createPayout(unit, facts)),
  }),
  route({
    method: 'GET', path: '/v1/payouts', params: listParams({ status: text.optional(), destination: text.optional() }),
    run: (call) => page(call, '/v1/payouts', ownRows(call, 'payouts', { status: call.params.status, destination: call.params.destination })),
  }),
  route({ method: 'GET', path: '/v1/payouts/:id', params: params({}), run: ({ unit, id }) => ok(unit, unit.must('payouts', id, 'payout')) }),
  route({ method: 'POST', path: '/v1/payouts/:id/cancel', params: params({}), run: ({ unit, id }) => ok(unit, cancelPayout(unit, id)) }),
];

export const connectRoutes: readonly Route[] = [...accounts, ...transfers, ...payouts];
