import { type Order, type OrderEvent, OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Headers, type Route, route } from '../door/route';
import { AmountJson, amount, freeText, idOf, InstantJson, instant, knownInstant, orAbsent, page, pageOf, pageQuery, present, safe } from './json';
import { tellReplay } from './replayed';

const LineJson = z.object({ kind: z.string(), amount: AmountJson });
export const OrderJson = z.object({
  id: z.string(), status: z.string(), matchId: z.string(), marketId: z.string(), productId: z.string(), size: z.string(), buyerId: z.string().optional(), sellerId: z.string().optional(),
  bidId: z.string().optional(), askId: z.string().optional(), price: AmountJson, cancelReason: z.string().optional(), paymentStatus: z.string(), payoutStatus: z.string(), shipBy: InstantJson.optional(),
  inboundTracking: z.string().optional(), outboundTracking: z.string().optional(), returnTracking: z.string().optional(), lines: z.array(LineJson), notice: z.string().optional(),
  createdAt: InstantJson, updatedAt: InstantJson, version: z.int(),
});
const OrderEventJson = z.object({ version: z.int(), event: z.string(), fromStatus: z.string().optional(), toStatus: z.string(), actor: z.string(), reason: z.string().optional(), at: InstantJson, traceId: z.string().optional() });
const LabelJson = z.object({ tracking: z.string(), carrier: z.string(), labelUrl: z.string() });

export const orderParams = z.strictObject({ orderId: idOf('ord') });
export const trackingNumber = z.string().regex(/^[A-Za-z0-9-]{4,64}$/, 'This is not a tracking number.');

/** What the order's state table calls the things that people do. */
export type OrderEventName = 'seller_shipped' | 'buyer_received' | 'buyer_shipped' | 'lost_inbound' | 'lost_outbound';

const theirs = { tag: 'Orders', access: { roles: ['buyer', 'seller', 'admin'] }, params: orderParams } as const;
const seller = { ...theirs, access: { roles: ['seller'] } } as const;
const commonRefusals = ['order.not_found', 'order.illegal_transition', 'order.not_yours', 'order.key_reused'];

/** What a handler was given. */
export interface Asked {
  readonly input: Pick<Parameters<Route['handle']>[0], 'key' | 'call'>;
  readonly headers: Headers;
}

/** One door for every event of the table that a person causes. */
export function orderStep(rpc: Rpc, event: OrderEventName) {
  const orders = rpc.client(OrderService);
  return async (orderId: string, rest: { readonly tracking?: string | undefined; readonly reason?: string | undefined }, { input: { key, call }, headers }: Asked) => {
    const reported = await orders.updateOrderStatus({ orderId, event, ...rest, idempotencyKey: key }, call);
    tellReplay(headers, reported);
    return orderJson(reported.order);
  };
}

export function cancelStep(rpc: Rpc) {
  const orders = rpc.client(OrderService);
  return async (orderId: string, { reason, doNotRelist = false }: { readonly reason: string; readonly doNotRelist?: boolean | undefined }, { input: { key, call }, headers }: Asked) => {
    const cancelled = await orders.cancelOrder({ orderId, reason, doNotRelist, idempotencyKey: key }, call);
    tellReplay(headers, cancelled);
    return orderJson(cancelled.order);
  };
}

export function orderRoutes(rpc: Rpc): Route[] {
  const orders = rpc.client(OrderService);
  return [
    route({
      tag: 'Orders', access: { roles: ['buyer', 'seller', 'admin'] }, method: 'GET', path: '/v1/orders', status: 200, summary: 'One\'s purchases and sales.',
      query: z.strictObject({ ...pageQuery, role: z.enum(['buyer', 'seller']).optional(), state: z.enum(['active', 'history']).optional() }), answer: pageOf(OrderJson),
      async handle({ query, call }) {
        const { orders: found, nextCursor } = await orders.getOrders(query, call);
        return page(found.map(orderJson), nextCursor);
      },
    }),
    route({
      ...theirs, method: 'GET', path: '/v1/orders/{orderId}', status: 200, summary: 'One order, from one\'s own side.', refusals: ['order.not_found'], answer: OrderJson,
      async handle({ params, call }) {
        const { order } = await orders.getOrder(params, call);
        return orderJson(order);
      },
    }),
    route({
      ...theirs, method: 'GET', path: '/v1/orders/{orderId}/events', status: 200, summary: 'What has happened to an order.', refusals: ['order.not_found'], answer: z.object({ data: z.array(OrderEventJson) }),
      async handle({ params, call }) {
        const { events } = await orders.getOrderEvents(params, call);
        return { data: events.map(orderEventJson) };
      },
    }),
    route({
      ...seller, method: 'GET', path: '/v1/orders/{orderId}/label', status: 200, summary: 'The label that the pair is sent with.', refusals: ['order.not_found', 'order.label_not_ready'], answer: LabelJson,
      async handle({ params, call }) {
        const { tracking, carrier, labelUrl } = await orders.getLabel(params, call);
        return { tracking, carrier, labelUrl };
      },
    }),
    route({
      ...seller, method: 'POST', path: '/v1/orders/{orderId}/shipment', status: 200, summary: 'The pair is on its way to the authenticators.', refusals: [...commonRefusals, 'order.too_late_to_ship', 'order.label_not_ready', 'order.tracking_taken'], idempotencyKey: 'required',
      body: z.strictObject({ tracking: trackingNumber.optional() }), answer: OrderJson,
      handle: (input, headers) => orderStep(rpc, 'seller_shipped')(input.params.orderId, input.body, { input, headers }),
    }),
    route({
      ...seller, method: 'POST', path: '/v1/orders/{orderId}/cancel', status: 200, summary: 'Cancel a sale before shipping it.', refusals: commonRefusals, idempotencyKey: 'required',
      body: z.strictObject({ reason: freeText(500), doNotRelist: z.boolean().optional() }), answer: OrderJson,
      handle: (input, headers) => cancelStep(rpc)(input.params.orderId, input.body, { input, headers }),
    }),
    route({
      ...theirs, access: { roles: ['buyer'] }, method: 'POST', path: '/v1/orders/{orderId}/delivery-confirmation', status: 200, summary: 'The pair has arrived.', refusals: commonRefusals, idempotencyKey: 'required', answer: OrderJson,
      handle: (input, headers) => orderStep(rpc, 'buyer_received')(input.params.orderId, {}, { input, headers }),
    }),
    route({
      ...theirs, access: { roles: ['authenticator'] }, method: 'POST', path: '/v1/orders/{orderId}/ship-to-buyer', status: 200, summary: 'The pair has passed and leaves for its buyer.', refusals: commonRefusals, idempotencyKey: 'required',
      body: z.strictObject({ tracking: trackingNumber.optional(), note: freeText(200).optional() }), answer: OrderJson,
      handle: (input, headers) => orderStep(rpc, 'buyer_shipped')(input.params.orderId, { tracking: input.body.tracking, reason: input.body.note }, { input, headers }),
    }),
  ];
}

export function orderJson(order: Order | undefined): z.input<typeof OrderJson> {
  const { id, status, matchId, marketId, productId, size, price, paymentStatus, payoutStatus, ...rest } = present(order);
  return {
    id, status, matchId, marketId, productId, size, price: amount(price), paymentStatus, payoutStatus,
    // Each side sees its own part; the other's stays with the order service.
    buyerId: orAbsent(rest.buyerId), sellerId: orAbsent(rest.sellerId), bidId: orAbsent(rest.bidId), askId: orAbsent(rest.askId),
    cancelReason: orAbsent(rest.cancelReason), shipBy: instant(rest.shipBy), inboundTracking: orAbsent(rest.inboundTracking), outboundTracking: orAbsent(rest.outboundTracking), returnTracking: orAbsent(rest.returnTracking),
    lines: rest.lines.map(({ kind, amount: money }) => ({ kind, amount: amount(money) })), notice: orAbsent(rest.notice),
    createdAt: knownInstant(rest.createdAt), updatedAt: knownInstant(rest.updatedAt), version: safe(rest.version),
  };
}

function orderEventJson({ version, event, fromStatus, toStatus, actor, reason, at, traceId }: OrderEvent): z.input<typeof OrderEventJson> {
  return { version: safe(version), event, fromStatus: orAbsent(fromStatus), toStatus, actor, reason: orAbsent(reason), at: knownInstant(at), traceId: orAbsent(traceId) };
}
