import { type ManualTask as OrderTask, OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { type ManualTask as PaymentTask, PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { roles } from '@libs/rpc/call-context';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, etag, freeText, idOf, InstantJson, instant, knownInstant, line, orAbsent, page, pageOf, pageQuery, present, queryFlag, safe } from './json';
import { cancelStep, OrderJson, orderJson, orderParams, orderStep } from './orders';
import { tellReplay } from './replayed';
import { UserJson, userJson } from './users';

const admin = { tag: 'Administration', access: { roles: ['admin'] }, status: 200 } as const;
const userParams = z.strictObject({ userId: idOf('usr') });
const Reason = z.strictObject({ reason: freeText(500) });
const TaskJson = z.object({ id: z.string(), kind: z.string(), orderId: z.string().optional(), detail: z.string(), advice: z.string(), openedAt: InstantJson, closedAt: InstantJson.optional() });
const taskQuery = z.strictObject({ ...pageQuery, includeClosed: queryFlag.optional() });
const taskParams = z.strictObject({ taskId: z.string().regex(/^[\w-]{1,64}$/) });

export function adminRoutes(rpc: Rpc): Route[] {
  return [...userRoutes(rpc), ...orderRoutes(rpc), ...orderTaskRoutes(rpc), ...paymentTaskRoutes(rpc)];
}

function userRoutes(rpc: Rpc): Route[] {
  const users = rpc.client(UserService);
  return [
    route({
      ...admin, method: 'GET', path: '/v1/admin/users', summary: 'Users, with their e-mail masked.', refusals: ['user.cursor_invalid'], query: z.strictObject({ ...pageQuery, query: line(200).optional() }), answer: pageOf(UserJson),
      async handle({ query, call }) {
        const { users: found, nextCursor } = await users.getUsers(query, call);
        return page(found.map(userJson), nextCursor);
      },
    }),
    route({
      ...admin, method: 'PUT', path: '/v1/admin/users/{userId}/roles', summary: 'Set what somebody may do.', refusals: ['user.not_found', 'user.last_admin', 'user.stale'], ifMatch: true, params: userParams, body: Reason.extend({ roles: z.array(z.enum(roles)).max(roles.length) }), answer: UserJson,
      async handle({ params: { userId }, body, ifMatch, call }, headers) {
        const { user } = await users.setRoles({ userId, ...body, expectedVersion: ifMatch }, call);
        headers.header('ETag', etag(present(user).version));
        return userJson(user);
      },
    }),
    route({
      ...admin, method: 'POST', path: '/v1/admin/users/{userId}/suspend', summary: 'Suspend somebody: their sessions end and their quotes are cancelled.', refusals: ['user.not_found', 'user.last_admin'], params: userParams, body: Reason, answer: UserJson,
      async handle({ params: { userId }, body, call }) {
        const { user } = await users.suspendUser({ userId, ...body }, call);
        return userJson(user);
      },
    }),
    route({
      ...admin, method: 'POST', path: '/v1/admin/users/{userId}/reinstate', summary: 'Let somebody trade again. Nothing is restored.', refusals: ['user.not_found'], params: userParams, body: Reason, answer: UserJson,
      async handle({ params: { userId }, body, call }) {
        const { user } = await users.reinstateUser({ userId, ...body }, call);
        return userJson(user);
      },
    }),
  ];
}

function orderRoutes(rpc: Rpc): Route[] {
  const onOrder = { ...admin, method: 'POST', params: orderParams, body: Reason, answer: OrderJson, idempotencyKey: 'required', refusals: ['order.not_found', 'order.not_yours', 'order.illegal_transition', 'order.key_reused'] } as const;
  return [
    route({
      ...onOrder, path: '/v1/admin/orders/{orderId}/cancel', summary: 'Cancel an order that has not been shipped.',
      handle: (input, headers) => cancelStep(rpc)(input.params.orderId, input.body, { input, headers }),
    }),
    route({
      ...onOrder, path: '/v1/admin/orders/{orderId}/refund', summary: 'Give the buyer the money back: the order ends as its state table says. On its way to the authenticators the parcel counts as lost; on its way to the buyer too, and the platform bears it.', refusals: [...onOrder.refusals, 'order.nothing_to_refund'],
      async handle({ params, body, key, call }, headers) {
        const refunded = await rpc.client(OrderService).refundOrder({ ...params, ...body, idempotencyKey: key }, call);
        tellReplay(headers, refunded);
        return orderJson(refunded.order);
      },
    }),
    route({
      ...onOrder, path: '/v1/admin/orders/{orderId}/lost-inbound', summary: 'The parcel is lost on its way to the authenticators: the buyer is refunded.',
      handle: (input, headers) => orderStep(rpc, 'lost_inbound')(input.params.orderId, input.body, { input, headers }),
    }),
    route({
      ...onOrder, path: '/v1/admin/orders/{orderId}/lost-outbound', summary: 'The parcel is lost on its way to the buyer: the buyer is refunded, the seller is paid, the platform bears it.',
      handle: (input, headers) => orderStep(rpc, 'lost_outbound')(input.params.orderId, input.body, { input, headers }),
    }),
  ];
}

function orderTaskRoutes(rpc: Rpc): Route[] {
  const orders = rpc.client(OrderService);
  return [
    route({
      ...admin, method: 'GET', path: '/v1/admin/tasks/orders', summary: 'Orders that need a person, and what to do.', query: taskQuery, answer: pageOf(TaskJson),
      async handle({ query, call }) {
        const { tasks, nextCursor } = await orders.getManualTasks(query, call);
        return page(tasks.map(taskJson), nextCursor);
      },
    }),
    route({
      ...admin, method: 'POST', path: '/v1/admin/tasks/orders/{taskId}/resume', summary: 'Let the order go on.', refusals: ['order.task_not_found', 'order.not_yours', 'order.illegal_transition'], params: taskParams, body: Reason, answer: TaskJson,
      async handle({ params: { taskId }, body, call }) {
        const { task } = await orders.resumeManualTask({ taskId, ...body }, call);
        return taskJson(present(task));
      },
    }),
  ];
}

function paymentTaskRoutes(rpc: Rpc): Route[] {
  const payments = rpc.client(PaymentService);
  return [
    route({
      ...admin, method: 'GET', path: '/v1/admin/tasks/payments', summary: 'Money that needs a person, and what to do.', query: taskQuery, answer: pageOf(TaskJson),
      async handle({ query, call }) {
        const { tasks, nextCursor } = await payments.getManualTasks(query, call);
        return page(tasks.map(taskJson), nextCursor);
      },
    }),
    route({
      ...admin, method: 'POST', path: '/v1/admin/tasks/payments/{taskId}/resume', summary: 'Try the operation again.', refusals: ['payment.task_not_found', 'payment.task_closed', 'payment.key_reused'], idempotencyKey: 'required', params: taskParams, body: Reason, answer: TaskJson,
      async handle({ params: { taskId }, body, key, call }, headers) {
        const resumed = await payments.resumeManualTask({ taskId, ...body, idempotencyKey: key }, call);
        tellReplay(headers, resumed);
        return taskJson(present(resumed.task));
      },
    }),
    route({
      ...admin, method: 'GET', path: '/v1/admin/trial-balance', summary: 'The ledger\'s accounts: debit above zero, credit below, zero in all.',
      answer: z.object({ data: z.array(z.object({ code: z.string(), balance: AmountJson })), total: z.array(AmountJson) }),
      async handle({ call }) {
        const { accounts } = await payments.getTrialBalance({}, call);
        const totals = new Map<string, bigint>();
        for (const { currency, balanceMinor } of accounts) totals.set(currency, (totals.get(currency) ?? 0n) + balanceMinor);
        return {
          data: accounts.map(({ code, currency, balanceMinor }) => ({ code, balance: { amount: safe(balanceMinor), currency } })),
          total: [...totals].map(([currency, minor]) => ({ amount: safe(minor), currency })),
        };
      },
    }),
  ];
}

function taskJson({ id, kind, orderId, detail, advice, openedAt, closedAt }: OrderTask | PaymentTask): z.input<typeof TaskJson> {
  return { id, kind, orderId: orAbsent(orderId), detail, advice, openedAt: knownInstant(openedAt), closedAt: instant(closedAt) };
}
