import { AuthenticationService, type AuthTask, type StrayParcel } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { InvalidInput } from '../door/problem';
import { type Headers, type Route, route } from '../door/route';
import { etag, freeText, idOf, InstantJson, instant, knownInstant, orAbsent, page, pageOf, pageQuery, present, queryFlag, safe } from './json';
import { trackingNumber } from './orders';
import { notFound } from './not-found';

const CheckJson = z.object({ kind: z.string(), result: z.string().optional(), note: z.string().optional() });
const TaskJson = z.object({
  id: z.string(), orderId: z.string(), productId: z.string(), size: z.string(), state: z.string(), verdict: z.string().optional(), reasons: z.array(z.string()), checks: z.array(CheckJson),
  receivedAt: InstantJson.optional(), claimedUntil: InstantJson.optional(), claimedByMe: z.boolean(), decidedAt: InstantJson.optional(), dueAt: InstantJson.optional(), version: z.int(),
});
const ParcelJson = z.object({ id: z.string(), tracking: z.string().optional(), orderId: z.string().optional(), note: z.string().optional(), receivedAt: InstantJson, resolvedAt: InstantJson.optional(), resolution: z.string().optional() });

const Verdict = z.strictObject({
  verdict: z.enum(['pass', 'fail']),
  reasons: z.array(z.enum(['counterfeit', 'used', 'wrong_item', 'wrong_size', 'damaged_box', 'missing_parts', 'manufacturer_defect', 'odour'])).max(8).optional(),
});
const Intake = z.strictObject({ tracking: trackingNumber.optional(), orderId: idOf('ord').optional(), note: freeText(500).optional() });

const floor = { tag: 'Inspections', access: { roles: ['authenticator'] }, status: 200 } as const;
const admin = { tag: 'Inspections', access: { roles: ['admin'] }, status: 200 } as const;
const params = z.strictObject({ taskId: idOf('ins') });
const onTask = { ...floor, params, answer: TaskJson } as const;
const claimed = ['authentication.task_not_found', 'authentication.claim_lost', 'authentication.own_trade', 'authentication.wrong_state', 'authentication.already_decided'];

export function inspectionRoutes(rpc: Rpc): Route[] {
  return [...intakeRoutes(rpc), ...claimRoutes(rpc), ...verdictRoutes(rpc), ...parcelRoutes(rpc)];
}

function intakeRoutes(rpc: Rpc): Route[] {
  const floorService = rpc.client(AuthenticationService);
  return [
    route({
      ...floor, method: 'POST', path: '/v1/authentication/intake', summary: 'A parcel has arrived. Without a live order it is a stray parcel.', body: Intake,
      answer: z.object({ task: TaskJson.optional(), stray: ParcelJson.optional() }),
      async handle({ body, call }) {
        if (!body.tracking && !body.orderId) throw new InvalidInput([{ pointer: '/tracking', detail: 'Name the tracking number or the order.' }]);
        const { task, stray } = await floorService.recordIntake(body, call);
        return { ...(task && { task: taskJson(task) }), ...(stray && { stray: parcelJson(stray) }) };
      },
    }),
    route({
      ...floor, access: { roles: ['authenticator', 'admin'] }, method: 'GET', path: '/v1/authentication/tasks', summary: 'The queue: what is open, or what is in one state.',
      query: z.strictObject({ ...pageQuery, state: z.enum(['awaiting_parcel', 'queued', 'claimed', 'awaiting_review', 'disagreement', 'completed', 'cancelled']).optional() }), answer: pageOf(TaskJson),
      async handle({ query, call }) {
        const { tasks, nextCursor } = await floorService.getAuthTasks(query, call);
        return page(tasks.map((task) => taskJson(task)), nextCursor);
      },
    }),
    route({
      ...onTask, access: { roles: ['authenticator', 'admin'] }, method: 'GET', path: '/v1/authentication/tasks/{taskId}', summary: 'One inspection.', refusals: ['authentication.task_not_found'],
      async handle({ params: { taskId }, call }, headers) {
        const { tasks: [task] } = await floorService.getAuthTasks({ taskId, limit: 1 }, call);
        return taskJson(task ?? notFound('authentication.task_not_found', 'There is no such task.'), headers);
      },
    }),
  ];
}

function claimRoutes(rpc: Rpc): Route[] {
  const floorService = rpc.client(AuthenticationService);
  return [
    route({
      ...floor, method: 'POST', path: '/v1/authentication/tasks/claim-next', summary: 'Take the oldest free task for ten minutes.', refusals: ['authentication.queue_empty'], answer: TaskJson,
      async handle({ call }, headers) {
        const { task } = await floorService.claimAuthTask({}, call);
        return taskJson(present(task), headers);
      },
    }),
    route({
      ...onTask, method: 'POST', path: '/v1/authentication/tasks/{taskId}/claim', summary: 'Take this task for ten minutes.', refusals: ['authentication.task_not_found', 'authentication.task_locked', 'authentication.own_trade'],
      async handle({ params, call }, headers) {
        const { task } = await floorService.claimAuthTask(params, call);
        return taskJson(present(task), headers);
      },
    }),
    route({
      ...onTask, method: 'POST', path: '/v1/authentication/tasks/{taskId}/renew', summary: 'Ten minutes more.', refusals: claimed,
      async handle({ params, call }, headers) {
        const { task } = await floorService.renewClaim(params, call);
        return taskJson(present(task), headers);
      },
    }),
    route({
      ...floor, status: 204, method: 'POST', path: '/v1/authentication/tasks/{taskId}/release', summary: 'Give the task back.', refusals: claimed, params,
      async handle({ params: task, call }) {
        await floorService.releaseAuthTask(task, call);
        return undefined;
      },
    }),
  ];
}

function verdictRoutes(rpc: Rpc): Route[] {
  const floorService = rpc.client(AuthenticationService);
  return [
    route({
      ...onTask, method: 'PUT', path: '/v1/authentication/tasks/{taskId}/checks/{check}', summary: 'What one check has shown.', refusals: [...claimed, 'authentication.stale'], ifMatch: true,
      params: z.strictObject({ taskId: idOf('ins'), check: z.enum(['box', 'authenticity_markers', 'size', 'condition']) }), body: z.strictObject({ result: z.enum(['pass', 'fail']), note: freeText(1_000).optional() }),
      async handle({ params: { taskId, check }, body, ifMatch, call }, headers) {
        const { task } = await floorService.recordCheck({ taskId, check: { kind: check, ...body }, expectedVersion: ifMatch }, call);
        return taskJson(present(task), headers);
      },
    }),
    route({
      ...onTask, method: 'POST', path: '/v1/authentication/tasks/{taskId}/decision', summary: 'PASS, or FAIL with reasons, which a second authenticator reviews.', refusals: [...claimed, 'authentication.checks_missing', 'authentication.reasons_missing'], body: Verdict,
      async handle({ params: { taskId }, body, call }, headers) {
        const { task } = await floorService.completeAuth({ taskId, ...body }, call);
        return taskJson(present(task), headers);
      },
    }),
    route({
      ...onTask, method: 'POST', path: '/v1/authentication/tasks/{taskId}/review', summary: 'The second opinion on a FAIL.', refusals: ['authentication.task_not_found', 'authentication.own_trade', 'authentication.same_authenticator', 'authentication.wrong_state', 'authentication.already_decided', 'authentication.reasons_missing'], body: Verdict,
      async handle({ params: { taskId }, body, call }, headers) {
        const { task } = await floorService.reviewAuth({ taskId, ...body }, call);
        return taskJson(present(task), headers);
      },
    }),
    route({
      ...admin, method: 'POST', path: '/v1/authentication/tasks/{taskId}/decide', summary: 'An admin decides where two authenticators disagree.', refusals: ['authentication.task_not_found', 'authentication.wrong_state', 'authentication.already_decided'], params, answer: TaskJson, body: Verdict.extend({ reason: freeText(500) }),
      async handle({ params: { taskId }, body, call }, headers) {
        const { task } = await floorService.decideAuth({ taskId, ...body }, call);
        return taskJson(present(task), headers);
      },
    }),
  ];
}

function parcelRoutes(rpc: Rpc): Route[] {
  const floorService = rpc.client(AuthenticationService);
  return [
    route({
      ...floor, access: { roles: ['authenticator', 'admin'] }, method: 'GET', path: '/v1/authentication/stray-parcels', summary: 'Parcels that belong to no live order, newest first.', query: z.strictObject({ ...pageQuery, includeResolved: queryFlag.optional() }), answer: pageOf(ParcelJson),
      async handle({ query, call }) {
        const { parcels, nextCursor } = await floorService.getStrayParcels(query, call);
        return page(parcels.map(parcelJson), nextCursor);
      },
    }),
    route({
      ...admin, method: 'POST', path: '/v1/authentication/stray-parcels/{parcelId}/resolution', summary: 'What was done with a stray parcel.', refusals: ['authentication.parcel_not_found'], params: z.strictObject({ parcelId: idOf('par') }), body: z.strictObject({ resolution: freeText(500) }), answer: ParcelJson,
      async handle({ params: { parcelId }, body, call }) {
        const { parcel } = await floorService.resolveStrayParcel({ parcelId, ...body }, call);
        return parcelJson(present(parcel));
      },
    }),
  ];
}

/** With the headers of an answer that is this one task. */
function taskJson(task: AuthTask, headers?: Headers): z.input<typeof TaskJson> {
  const { id, orderId, productId, size, state, verdict, reasons, checks, receivedAt, claimedUntil, claimedByMe, decidedAt, dueAt, version } = task;
  headers?.header('ETag', etag(version));
  return {
    id, orderId, productId, size, state, verdict: orAbsent(verdict), reasons, checks: checks.map(({ kind, result, note }) => ({ kind, result: orAbsent(result), note: orAbsent(note) })),
    receivedAt: instant(receivedAt), claimedUntil: instant(claimedUntil), claimedByMe, decidedAt: instant(decidedAt), dueAt: instant(dueAt), version: safe(version),
  };
}

function parcelJson({ id, tracking, orderId, note, receivedAt, resolvedAt, resolution }: StrayParcel): z.input<typeof ParcelJson> {
  return { id, tracking: orAbsent(tracking), orderId: orAbsent(orderId), note: orAbsent(note), receivedAt: knownInstant(receivedAt), resolvedAt: instant(resolvedAt), resolution: orAbsent(resolution) };
}
