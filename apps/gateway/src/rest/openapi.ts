import { z } from 'zod';
import { knownProblems } from '../door/known-problems';
import type { Route } from '../door/route';

type Json = Record<string, unknown>;

const ProblemJson = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'traceId', 'retryable'],
  properties: {
    type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' }, instance: { type: 'string' }, code: { type: 'string' }, traceId: { type: 'string' },
    retryable: { type: 'boolean', description: 'Whether the same request, with the same key, may succeed later.' },
    errors: { type: 'array', items: { type: 'object', required: ['pointer', 'detail'], properties: { pointer: { type: 'string' }, detail: { type: 'string' } } } },
    details: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

const schemaOf = (schema: z.ZodType, io: 'input' | 'output' = 'input') => {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json as Json;
};

/** The public API as OpenAPI 3.1, from the very schemas that the door reads by. */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  return {
    openapi: '3.1.0',
    info: { title: 'Pairwise', version: '1', description: 'An open exchange for authenticated goods. Money is a whole count of minor units.' },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: { Problem: ProblemJson }, securitySchemes: { session: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  };
}

function operation(route: Route): Json {
  const { tag, summary, access, body, raw } = route;
  const needsSession = access?.roles !== 'public' && access?.roles !== 'provider';
  return {
    operationId: `${route.method.toLowerCase()} ${route.path}`.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/_$/, ''),
    tags: [tag],
    summary,
    'x-roles': access?.roles ?? [],
    ...(needsSession && { security: [{ session: [] }] }),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query'), ...headers(route)],
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    ...(raw && { requestBody: { required: true, content: { '*/*': {} } } }),
    responses: { ...success(route), ...refusals(route) },
  };
}

function parameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema) as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({ name, in: place, required: place === 'path' || required.includes(name), schema: property }));
}

function headers({ idempotencyKey, ifMatch, raw }: Route): Json[] {
  const key = { name: 'Idempotency-Key', in: 'header', required: idempotencyKey === 'required', schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' } };
  const version = { name: 'If-Match', in: 'header', required: true, schema: { type: 'string' } };
  return [...(idempotencyKey ? [key] : []), ...(ifMatch ? [version] : []), ...(raw?.signature ? [{ name: raw.signature, in: 'header', required: true, schema: { type: 'string' } }] : [])];
}

function success({ status, answer, mediaType = 'application/json' }: Route): Json {
  return { [status]: { description: 'Done.', ...(answer && { content: { [mediaType]: { schema: schemaOf(answer, 'output') } } }) } };
}

/** Which codes come with which status: what every route may answer, what its form brings, and its own. */
function refusals(route: Route): Json {
  const byStatus = new Map<number, string[]>();
  for (const code of codesOf(route)) {
    const status = knownProblems[code]?.status ?? 500;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, { description: codes.join(', '), content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }]));
}

export function codesOf({ access, body, query, params, idempotencyKey, ifMatch, refusals: own = [], hot }: Route): string[] {
  const roles = access?.roles ?? [];
  return [
    'gateway.rate_limited', 'gateway.internal', 'rpc.unavailable', 'rpc.deadline', 'rpc.circuit_open',
    ...(roles === 'public' || roles === 'provider' ? [] : ['gateway.session_missing', 'gateway.token_invalid', 'gateway.session_ended']),
    ...(typeof roles === 'string' ? [] : ['gateway.role_missing']),
    ...(body || query ? ['gateway.invalid_input'] : []),
    ...(body ? ['gateway.invalid_json', 'gateway.invalid_utf8', 'gateway.body_too_large', 'gateway.content_type'] : []),
    ...(params ? ['gateway.not_found'] : []),
    ...(idempotencyKey === 'required' ? ['gateway.idempotency_key_missing'] : []),
    ...(idempotencyKey ? ['gateway.idempotency_key_invalid'] : []),
    ...(ifMatch ? ['gateway.if_match_missing', 'gateway.if_match_stale'] : []),
    ...(hot ? ['gateway.trade_interrupted', 'gateway.trade_deadline', 'gateway.market_unreachable', 'gateway.overloaded'] : []),
    ...own,
  ];
}
