import { type Payment, type PaymentMethod, PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, amount, idOf, InstantJson, instant, orAbsent, present } from './json';
import { tellReplay } from './replayed';
import { EstimateLineJson } from './estimates';
import { orderParams } from './orders';

const MethodJson = z.object({ id: z.string(), brand: z.string(), last4: z.string(), expMonth: z.int(), expYear: z.int(), isDefault: z.boolean() });
const SetupIntentJson = z.object({ setupIntentId: z.string(), clientSecret: z.string() });
const PaymentJson = z.object({
  id: z.string(), orderId: z.string(), state: z.string(), total: AmountJson.optional(), tries: z.int(), failureCode: z.string().optional(), clientSecret: z.string().optional(), recoverUntil: InstantJson.optional(),
  buyerLines: z.array(EstimateLineJson), sellerLines: z.array(EstimateLineJson), payout: AmountJson.optional(),
});

/** The provider is asked while the buyer waits. */
export const PROVIDER_MS_MAX = 15_000;
/** Where the provider is asked under the user's key. */
export const keyRefusals = ['payment.key_reused', 'payment.key_in_flight'];

const buyer = { tag: 'Payments', access: { roles: ['buyer'] } } as const;
const methodParams = z.strictObject({ paymentMethodId: idOf('pm') });

export function paymentRoutes(rpc: Rpc): Route[] {
  const payments = rpc.client(PaymentService);
  return [
    route({
      ...buyer, method: 'POST', path: '/v1/payments/setup-intents', status: 201, summary: 'Begin to add a card. The provider\'s client library confirms it; no card number comes here.', refusals: ['payment.provider_unavailable', ...keyRefusals], idempotencyKey: 'required', answer: SetupIntentJson,
      async handle({ key, call }, headers) {
        const begun = await payments.createSetupIntent({ idempotencyKey: key }, { ...call, deadlineMs: PROVIDER_MS_MAX });
        tellReplay(headers, begun);
        const { setupIntentId, clientSecret } = begun;
        return { setupIntentId, clientSecret };
      },
    }),
    route({
      ...buyer, method: 'GET', path: '/v1/payments/methods', status: 200, summary: 'One\'s verified cards, the default first.', answer: z.object({ data: z.array(MethodJson) }),
      async handle({ call }) {
        const { methods } = await payments.getPaymentMethods({}, call);
        return { data: methods.map(methodJson) };
      },
    }),
    route({
      ...buyer, method: 'PUT', path: '/v1/payments/methods/{paymentMethodId}/default', status: 200, summary: 'The card that is charged unless a bid names another.', refusals: ['payment.method_not_found'],
      params: methodParams, answer: MethodJson,
      async handle({ params, call }) {
        const { method } = await payments.setDefaultPaymentMethod(params, call);
        return methodJson(present(method));
      },
    }),
    route({
      ...buyer, method: 'DELETE', path: '/v1/payments/methods/{paymentMethodId}', status: 204, summary: 'Remove a card. Open bids take the default, or are cancelled when it was the last.', refusals: ['payment.method_not_found'],
      params: methodParams,
      async handle({ params, call }) {
        await payments.removePaymentMethod(params, { ...call, deadlineMs: PROVIDER_MS_MAX });
        return undefined;
      },
    }),
    route({
      ...buyer, access: { roles: ['buyer', 'seller', 'admin'] }, method: 'GET', path: '/v1/orders/{orderId}/payment', status: 200, summary: 'How the money of an order stands.', refusals: ['payment.not_found'],
      params: orderParams, answer: PaymentJson,
      async handle({ params, call }) {
        const { payment } = await payments.getPayment(params, call);
        return paymentJson(present(payment));
      },
    }),
    route({
      ...buyer, method: 'POST', path: '/v1/orders/{orderId}/payment/recover', status: 200, summary: 'Pay a declined order with another card, or with the same after authentication.', refusals: ['payment.not_found', 'payment.not_recoverable', 'payment.method_not_found', 'payment.method_unknown', 'payment.ended', 'payment.provider_unavailable', 'payment.key_reused'], idempotencyKey: 'required',
      params: orderParams, body: z.strictObject({ paymentMethodId: idOf('pm').optional() }), answer: PaymentJson,
      async handle({ params: { orderId }, body, key, call }, headers) {
        const recovered = await payments.recoverPayment({ orderId, ...body, idempotencyKey: key }, { ...call, deadlineMs: PROVIDER_MS_MAX });
        tellReplay(headers, recovered);
        return paymentJson(present(recovered.payment));
      },
    }),
  ];
}

function methodJson({ id, brand, last4, expMonth, expYear, isDefault }: PaymentMethod): z.input<typeof MethodJson> {
  return { id, brand, last4, expMonth, expYear, isDefault };
}

function paymentJson({ id, orderId, state, total, tries, failureCode, clientSecret, recoverUntil, buyerLines, sellerLines, payout }: Payment): z.input<typeof PaymentJson> {
  const lines = (list: Payment['buyerLines']) => list.map(({ kind, amount: money }) => ({ kind, amount: amount(money) }));
  return {
    id, orderId, state, ...(total && { total: amount(total) }), tries, failureCode: orAbsent(failureCode), clientSecret: orAbsent(clientSecret), recoverUntil: instant(recoverUntil),
    buyerLines: lines(buyerLines), sellerLines: lines(sellerLines), ...(payout && { payout: amount(payout) }),
  };
}
