import { AuthenticationService, type StrayParcel } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import type { DeadLetter } from '@libs/contracts/gen/exchange/operations/v1/operations_pb';
import { type ManualTask as OrderTask, OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { type ManualTask as PaymentTask, PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import type { OutgoingCall, Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { deadLettersOf, letterCursor, MissingJson } from './dead-letters';
import { InstantJson, knownInstant, orAbsent, page, pageOf, pageQuery } from './json';
import { mergedPage, type Source } from './merge';

const OperatorTaskJson = z.object({
  id: z.string(), source: z.enum(['orders', 'payments', 'parcels', 'dead_letters']), kind: z.string(), orderId: z.string().optional(), detail: z.string(),
  /** What to do. */
  advice: z.string(), openedAt: InstantJson,
  /** The call that lets it go on, when that is done: with a body of `reason`, or of `resolution` for a parcel. */
  resume: z.object({ method: z.literal('POST'), path: z.string() }),
});
type OperatorTask = z.input<typeof OperatorTaskJson>;

/** With where its own list goes on behind it. */
interface Listed {
  readonly task: OperatorTask;
  readonly cursor: string;
}

/** Everything that needs a person, in one list. */
export function operatorTaskRoutes(rpc: Rpc): Route[] {
  return [
    route({
      tag: 'Administration', access: { roles: ['admin'] }, status: 200, method: 'GET', path: '/v1/admin/tasks', summary: 'Everything that needs a person, newest first: what it is, what to do, and the call that lets it go on.',
      query: z.strictObject(pageQuery), answer: pageOf(OperatorTaskJson).extend({ missing: MissingJson }),
      async handle({ query, call }) {
        const { data, nextCursor, missing } = await mergedPage(sourcesOver(rpc, call), query);
        return { ...page(data.map(({ task }) => task), nextCursor), missing };
      },
    }),
  ];
}

function sourcesOver(rpc: Rpc, call: OutgoingCall): Source<Listed>[] {
  const [orders, payments, floor] = [rpc.client(OrderService), rpc.client(PaymentService), rpc.client(AuthenticationService)];
  const source = (name: OperatorTask['source'], fetch: Source<Listed>['fetch']): Source<Listed> => ({ name, fetch, cursorOf: ({ cursor }) => cursor, at: ({ task }) => task.openedAt });
  const part = (items: readonly Listed[], nextCursor: string) => ({ items, hasMore: nextCursor !== '', missing: [] });
  return [
    source('orders', async (limit, cursor) => {
      const { tasks, nextCursor } = await orders.getManualTasks({ limit, cursor }, call);
      return part(tasks.map((task) => manual('orders', task)), nextCursor);
    }),
    source('payments', async (limit, cursor) => {
      const { tasks, nextCursor } = await payments.getManualTasks({ limit, cursor }, call);
      return part(tasks.map((task) => manual('payments', task)), nextCursor);
    }),
    source('parcels', async (limit, cursor) => {
      const { parcels, nextCursor } = await floor.getStrayParcels({ limit, cursor }, call);
      return part(parcels.map(parcel), nextCursor);
    }),
    source('dead_letters', async (limit, cursor) => {
      const letters = await deadLettersOf(rpc)(limit, cursor, call);
      return { ...letters, items: letters.items.map(letter) };
    }),
  ];
}

/** Orders and payments say it in the same words, each in its own contract. */
function manual(source: 'orders' | 'payments', { id, kind, orderId, detail, advice, openedAt }: OrderTask | PaymentTask): Listed {
  const resume = { method: 'POST', path: `/v1/admin/tasks/${source}/${id}/resume` } as const;
  return { cursor: id, task: { id, source, kind, orderId: orAbsent(orderId), detail, advice, openedAt: knownInstant(openedAt), resume } };
}

function parcel({ id, tracking, orderId, note, receivedAt }: StrayParcel): Listed {
  const named = [tracking && `tracking number ${tracking}`, orderId && `order ${orderId}`, note && `note: ${note}`].filter(Boolean).join(', ');
  const resume = { method: 'POST', path: `/v1/authentication/stray-parcels/${id}/resolution` } as const;
  return {
    cursor: id,
    task: {
      id, source: 'parcels', kind: 'stray_parcel', orderId: orAbsent(orderId), detail: `A parcel has arrived that belongs to no live order (${named || 'nothing is known of it'}).`,
      advice: 'Find out whose it is, send it back or keep it, and write down what was done.', openedAt: knownInstant(receivedAt), resume,
    },
  };
}

function letter(event: DeadLetter): Listed {
  const { id, service, type, error, waitingBehind, firstAt } = event;
  const behind = waitingBehind > 0 ? ` ${waitingBehind} later events of the same key wait behind it.` : '';
  return {
    cursor: letterCursor(event),
    task: {
      id, source: 'dead_letters', kind: 'dead_letter', detail: `The service ${service} could not take ${type || 'a line that it cannot read'}: ${error}.${behind}`,
      advice: 'Look at it, mend its cause, then retry it: it takes effect once. Discard it only when its effect is not wanted, or was brought about another way.',
      openedAt: knownInstant(firstAt), resume: { method: 'POST', path: `/v1/admin/dead-letters/${id}/retry` },
    },
  };
}
