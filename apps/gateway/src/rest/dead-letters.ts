import { services, type ServiceName } from '@libs/contracts/events';
import { type DeadLetter, OperationsService } from '@libs/contracts/gen/exchange/operations/v1/operations_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { freeText, InstantJson, knownInstant, orAbsent, page, pageOf, pageQuery, present, safe } from './json';
import { orMissing, type Part } from './merge';

/** Every service with a database has a list of its own; here they are one. */
const keepers = services.filter((name) => name !== 'gateway');

const DeadLetterJson = z.object({
  id: z.string(), service: z.string(), topic: z.string(), key: z.string(), sequence: z.int(), type: z.string().optional(), error: z.string(), attempts: z.int(), waitingBehind: z.int(),
  firstAt: InstantJson, lastAt: InstantJson, traceId: z.string().optional(),
});
/** The event as it was sent: its facts, or the line that could not be read. */
const WithPayload = DeadLetterJson.extend({ payload: z.unknown() });
/** The services whose part is missing, because they do not answer at the moment. */
export const MissingJson = z.array(z.string());

const admin = { tag: 'Administration', access: { roles: ['admin'] }, status: 200 } as const;
const params = z.strictObject({ deadLetterId: z.string().regex(new RegExp(`^(${keepers.join('|')})~[a-z_.]{1,64}~[A-Za-z0-9_+-]{1,64}~[0-9]{1,15}$`), 'This is not the id of a dead letter.') });
const one = { ...admin, params, refusals: ['operations.dead_letter_not_found'] } as const;
const Reason = z.strictObject({ reason: freeText(500) });

export function deadLetterRoutes(rpc: Rpc): Route[] {
  // The form of the id begins with the service, as was checked at the door.
  const at = (id: string) => rpc.client(OperationsService, id.split('~')[0] as ServiceName);
  return [
    route({
      ...admin, method: 'GET', path: '/v1/admin/dead-letters', summary: 'Events that a service could not take, newest first. Later events of their key wait behind them.', refusals: ['operations.cursor_invalid'],
      query: z.strictObject({ ...pageQuery, service: z.enum(keepers).optional() }), answer: pageOf(DeadLetterJson).extend({ missing: MissingJson }),
      async handle({ query: { limit, cursor = '', service }, call }) {
        const { items, hasMore, missing } = await deadLettersOf(rpc, service ? [service] : keepers)(limit, cursor, call);
        const last = items.at(-1);
        return { ...page(items.map(letterJson), hasMore && last ? letterCursor(last) : ''), missing: [...missing] };
      },
    }),
    route({
      ...one, method: 'GET', path: '/v1/admin/dead-letters/{deadLetterId}', summary: 'One dead letter with the event that it is.', answer: WithPayload,
      async handle({ params: { deadLetterId: id }, call }) {
        const letter = present((await at(id).getDeadLetter({ id }, call)).deadLetter);
        const payload: unknown = JSON.parse(letter.payloadJson);
        return { ...letterJson(letter), payload };
      },
    }),
    route({
      ...one, status: 204, method: 'POST', path: '/v1/admin/dead-letters/{deadLetterId}/retry', summary: 'Try it again, once its cause is mended. What waits behind it follows.', refusals: ['operations.dead_letter_not_found', 'operations.dead_letter_unreadable'], body: Reason,
      async handle({ params: { deadLetterId: id }, body, call }) {
        await at(id).retryDeadLetter({ id, ...body }, call);
        return undefined;
      },
    }),
    route({
      ...one, status: 204, method: 'POST', path: '/v1/admin/dead-letters/{deadLetterId}/discard', summary: 'Give the event up: its effect never happens, and its key goes on behind it.', body: Reason,
      async handle({ params: { deadLetterId: id }, body, call }) {
        await at(id).discardDeadLetter({ id, ...body }, call);
        return undefined;
      },
    }),
  ];
}

/** Of these services together, newest first. They share one order, and so one cursor. */
export function deadLettersOf(rpc: Rpc, of: readonly ServiceName[] = keepers) {
  return async (limit: number, cursor: string, call: Parameters<Route['handle']>[0]['call']): Promise<Part<DeadLetter>> => {
    const ask = async (name: ServiceName) => {
      const { deadLetters: items, nextCursor } = await rpc.client(OperationsService, name).getDeadLetters({ limit, cursor }, call);
      return { items, hasMore: nextCursor !== '', missing: [] };
    };
    const parts = await Promise.all(of.map((name) => orMissing(name, ask(name))));
    const items = parts.flatMap((part) => [...part.items]).sort(newestFirst);
    return { items: items.slice(0, limit), hasMore: items.length > limit || parts.some(({ hasMore }) => hasMore), missing: parts.flatMap(({ missing }) => [...missing]) };
  };
}

/** As the services themselves read it: where they go on behind this one. */
export function letterCursor({ id, firstAt }: DeadLetter): string {
  return `${Date.parse(knownInstant(firstAt))}~${id}`;
}

function newestFirst(a: DeadLetter, b: DeadLetter): number {
  const [atA, atB] = [knownInstant(a.firstAt), knownInstant(b.firstAt)];
  if (atA !== atB) return atA < atB ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

function letterJson({ id, service, topic, key, kseq, type, error, attempts, waitingBehind, firstAt, lastAt, traceId }: DeadLetter): z.input<typeof DeadLetterJson> {
  return { id, service, topic, key, sequence: safe(kseq), type: orAbsent(type), error, attempts, waitingBehind, firstAt: knownInstant(firstAt), lastAt: knownInstant(lastAt), traceId: orAbsent(traceId) };
}
