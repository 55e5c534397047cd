import { type Payout, PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, amount, idOf, InstantJson, instant, knownInstant, orAbsent, page, pageOf, pageQuery } from './json';
import { notFound } from './not-found';
import { keyRefusals, PROVIDER_MS_MAX } from './payments';
import { tellReplay } from './replayed';

const AccountJson = z.object({ exists: z.boolean(), enabled: z.boolean(), bankLast4: z.string().optional(), heldUntil: InstantJson.optional() });
const PayoutJson = z.object({ id: z.string(), orderId: z.string(), amount: AmountJson, state: z.string(), createdAt: InstantJson, arrivesAt: InstantJson.optional(), failureCode: z.string().optional() });

const seller = { tag: 'Payouts', access: { roles: ['seller'] } } as const;

export function payoutRoutes(rpc: Rpc): Route[] {
  const payments = rpc.client(PaymentService);
  return [
    route({
      ...seller, method: 'GET', path: '/v1/payouts/account', status: 200, summary: 'Where one\'s money goes.', answer: AccountJson,
      async handle({ call }) {
        const { exists, enabled, bankLast4, heldUntil } = await payments.getPayoutAccount({}, call);
        return { exists, enabled, bankLast4: orAbsent(bankLast4), heldUntil: instant(heldUntil) };
      },
    }),
    route({
      ...seller, method: 'POST', path: '/v1/payouts/account', status: 200, summary: 'Open the account that pays out, or change its bank. A change holds payouts for 72 hours.', refusals: ['payment.bank_account_refused', 'payment.provider_unavailable', ...keyRefusals], idempotencyKey: 'required',
      body: z.strictObject({ bankToken: z.string().regex(/^[\w-]{1,100}$/, 'This is not a bank token.'), country: z.string().regex(/^[A-Z]{2}$/, 'A country is two capital letters (ISO 3166-1).') }),
      answer: z.object({ enabled: z.boolean(), bankLast4: z.string() }),
      async handle({ body, key, call }, headers) {
        const kept = await payments.createPayoutAccount({ ...body, idempotencyKey: key }, { ...call, deadlineMs: PROVIDER_MS_MAX });
        tellReplay(headers, kept);
        const { enabled, bankLast4 } = kept;
        return { enabled, bankLast4 };
      },
    }),
    route({
      ...seller, method: 'GET', path: '/v1/payouts', status: 200, summary: 'One\'s payouts, the latest first.', query: z.strictObject(pageQuery), answer: pageOf(PayoutJson),
      async handle({ query, call }) {
        const { payouts, nextCursor } = await payments.getPayouts(query, call);
        return page(payouts.map(payoutJson), nextCursor);
      },
    }),
    route({
      ...seller, method: 'GET', path: '/v1/payouts/{payoutId}', status: 200, summary: 'One payout.', refusals: ['payment.payout_not_found'], params: z.strictObject({ payoutId: idOf('pyt') }), answer: PayoutJson,
      async handle({ params: { payoutId }, call }) {
        const { payouts: [payout] } = await payments.getPayouts({ payoutId, limit: 1 }, call);
        return payoutJson(payout ?? notFound('payment.payout_not_found', 'You have no such payout.'));
      },
    }),
  ];
}

function payoutJson({ id, orderId, amount: money, state, createdAt, arrivesAt, failureCode }: Payout): z.input<typeof PayoutJson> {
  return { id, orderId, amount: amount(money), state, createdAt: knownInstant(createdAt), arrivesAt: instant(arrivesAt), failureCode: orAbsent(failureCode) };
}
