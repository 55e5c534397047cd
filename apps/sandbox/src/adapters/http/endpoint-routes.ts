import { z } from 'zod';
import { createEndpoint, deleteEndpoint, updateEndpoint } from '../../domain/webhook-endpoints';
import { missingResource } from '../../domain/refusal';
import type { Announcement } from '../../domain/keeping';
import { flag, listParams, metadata, params, text } from './params';
import { ok, ownRows, page, plain, route, show, type Call, type Route, type Shown } from './route';

const eventNames = z.array(text).min(1).max(300);

export const endpointRoutes: readonly Route[] = [
  route({
    method: 'POST', path: '/v1/webhook_endpoints',
    params: params({ url: text, enabled_events: eventNames, connect: flag.optional(), api_version: text.optional(), description: text.optional(), metadata: metadata.optional() }),
    run: ({ unit, params: facts }) => {
      const endpoint = createEndpoint(unit, facts);
      return plain({ ...show(unit, endpoint), secret: endpoint._sandbox.secret });
    },
  }),
  route({
    method: 'GET', path: '/v1/webhook_endpoints', params: listParams({}),
    run: (call) => page(call, '/v1/webhook_endpoints', ownRows(call, 'webhook_endpoints')),
  }),
  route({
    method: 'GET', path: '/v1/webhook_endpoints/:id', params: params({}),
    run: ({ unit, id }) => ok(unit, unit.must('webhook_endpoints', id)),
  }),
  route({
    method: 'POST', path: '/v1/webhook_endpoints/:id',
    params: params({ url: text.optional(), enabled_events: eventNames.optional(), disabled: flag.optional(), description: text.optional(), metadata: metadata.optional() }),
    run: ({ unit, id, params: facts }) => ok(unit, updateEndpoint(unit, id, facts)),
  }),
  route({ method: 'DELETE', path: '/v1/webhook_endpoints/:id', params: params({}), run: ({ unit, id }) => plain(deleteEndpoint(unit, id)) }),

  route({
    method: 'GET', path: '/v1/events', params: listParams({ type: text.optional(), types: z.array(text).optional(), delivery_success: flag.optional() }),
    run: (call) => {
      const listed = page(call, '/v1/events', events(call).map((one) => ({ id: one.id, object: 'event', created: one.created })));
      const data = (listed.body['data'] as { id: string }[]).map(({ id }) => eventOf(call, id));
      return plain({ ...listed.body, data });
    },
  }),
  route({ method: 'GET', path: '/v1/events/:id', params: params({}), run: (call) => plain(eventOf(call, call.id)) }),
];

function events(call: Call<{ readonly type?: string | undefined; readonly types?: readonly string[] | undefined }>): Announcement[] {
  const { type, types } = call.params;
  return call.unit.world.all('announcements').filter(
    (one) => one.from === 'provider' && one.account === call.unit.on.account && (type === undefined || one.type === type) && (types === undefined || types.includes(one.type)),
  );
}

function eventOf(call: Call<unknown>, id: string): Shown {
  const kept = call.unit.get('announcements', id);
  if (kept?.from !== 'provider' || kept.account !== call.unit.on.account) throw missingResource('event', id, 'id');
  // Written by `announce`, which writes objects.
  return JSON.parse(kept.body) as Shown;
}
