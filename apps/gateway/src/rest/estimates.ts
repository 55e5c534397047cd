import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, amount, moneyMessage, PriceJson } from './json';

export const EstimateLineJson = z.object({ kind: z.string(), amount: AmountJson });
const EstimateJson = z.object({ side: z.string(), lines: z.array(EstimateLineJson), total: AmountJson, feeScheduleId: z.string() });

export function estimateRoutes(rpc: Rpc): Route[] {
  const payments = rpc.client(PaymentService);
  return [
    route({
      tag: 'Estimates', access: { roles: 'signed_in' }, method: 'POST', path: '/v1/estimates', status: 200, summary: 'What a trade at this price costs the buyer, or brings the seller, to the cent.', refusals: ['payment.currency_not_traded', 'payment.price_too_low'],
      body: z.strictObject({ side: z.enum(['bid', 'ask']), price: PriceJson }), answer: EstimateJson,
      async handle({ body: { side, price }, call }) {
        const { lines, total, feeScheduleId } = await payments.createEstimate({ side, price: moneyMessage(price) }, call);
        return { side, lines: lines.map(({ kind, amount: money }) => ({ kind, amount: amount(money) })), total: amount(total), feeScheduleId };
      },
    }),
  ];
}
