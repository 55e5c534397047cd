import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Input, type Route, route } from '../door/route';

const provider = { tag: 'Webhooks', access: { roles: 'provider' }, method: 'POST', status: 200, answer: z.object({ received: z.literal(true) }) } as const;

/** The signature is over the very bytes that came, so nothing here looks into them. */
function bytesOf({ body }: Input): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

export function webhookRoutes(rpc: Rpc): Route[] {
  const payments = rpc.client(PaymentService);
  const orders = rpc.client(OrderService);
  const stripe = (endpoint: 'platform' | 'connect') => async (input: Input) => {
    await payments.handleWebhook({ endpoint, body: bytesOf(input), signature: input.signature });
    return { received: true } as const;
  };
  return [
    route({ ...provider, path: '/v1/webhooks/stripe', summary: 'The card provider tells of the platform\'s account.', raw: { signature: 'stripe-signature' }, refusals: ['payment.webhook_signature', 'payment.webhook_not_ready'], handle: stripe('platform') }),
    route({ ...provider, path: '/v1/webhooks/stripe/connect', summary: 'The card provider tells of sellers\' accounts.', raw: { signature: 'stripe-signature' }, refusals: ['payment.webhook_signature', 'payment.webhook_not_ready'], handle: stripe('connect') }),
    route({
      ...provider, path: '/v1/webhooks/carriers/{carrier}', summary: 'A carrier tells of a scan.', raw: { signature: 'carrier-signature' }, refusals: ['order.webhook_signature', 'order.webhook_invalid'],
      params: z.strictObject({ carrier: z.string().regex(/^[a-z0-9_-]{1,40}$/) }),
      async handle(input) {
        await orders.handleCarrierWebhook({ body: bytesOf(input), signature: input.signature });
        return { received: true } as const;
      },
    }),
  ];
}
