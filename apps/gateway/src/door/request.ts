import type { CallUser } from '@libs/rpc/call-context';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '@libs/kernel/app-error';
import { traceIdOf } from '@libs/chassis/trace';
import { HttpRefusal, InvalidInput } from './problem';
import type { Access, Client } from './route';
import type { LimitName } from './limits';
import { traceparentFor } from './trace-ids';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Without one the route answers 403. */
    access?: Access;
    limit?: LimitName;
    /** The route calls the guard itself. */
    hot?: true;
    /** The path as OpenAPI writes it, for metrics. */
    path?: string;
  }
  interface FastifyRequest {
    /** Set by the door when the request has a live session. */
    user: CallUser | null;
    traceparent: string;
  }
}

/** What the door reads of a request's headers. */

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
/** Versions count from 1: to a service 0 means that none was named. */
const ETAG = /^"([1-9]\d{0,17})"$/;
const BEARER = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/;
export const URL_MAX = 2_048;

export function decorate(instance: FastifyInstance): void {
  instance.decorateRequest('user', null);
  instance.decorateRequest('traceparent', '');
}

export function headerOf({ headers }: Pick<FastifyRequest, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

export function traceOf(request: FastifyRequest): string {
  return traceparentFor(headerOf(request, 'traceparent'));
}

/** The sender's own id when it is one, so that both sides' logs can be put together. */
export function requestIdOf(request: FastifyRequest): string {
  const given = headerOf(request, 'x-request-id');
  return given && REQUEST_ID.test(given) ? given : (traceIdOf(request.traceparent) ?? '');
}

/** Undefined when no session is claimed; a claim that is not a bearer token is refused. */
export function bearerOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  const token = BEARER.exec(authorization)?.[1];
  if (!token) throw new AppError('unauthenticated', 'gateway.token_invalid', 'Send the access token as `Authorization: Bearer <token>`.');
  return token;
}

export function idempotencyKeyOf(request: FastifyRequest, rule: 'required' | 'optional'): string | undefined {
  const key = headerOf(request, 'idempotency-key');
  if (key === undefined && rule === 'optional') return undefined;
  if (key === undefined) throw new InvalidInput([{ pointer: '/headers/idempotency-key', detail: 'This header is missing.' }], 'gateway.idempotency_key_missing');
  if (!IDEMPOTENCY_KEY.test(key)) throw new InvalidInput([{ pointer: '/headers/idempotency-key', detail: 'A key is 1 to 255 visible ASCII characters.' }], 'gateway.idempotency_key_invalid');
  return key;
}

export function ifMatchOf(request: FastifyRequest): bigint {
  const given = headerOf(request, 'if-match');
  if (given === undefined) throw new HttpRefusal(428, 'gateway.if_match_missing', 'Name the version that you have seen: If-Match with the ETag of the last answer.');
  const version = ETAG.exec(given)?.[1];
  if (version === undefined) throw new HttpRefusal(412, 'gateway.if_match_stale', 'This ETag is not of the present version.');
  return BigInt(version);
}

export function clientOf(request: FastifyRequest): Client {
  return { ip: request.ip, userAgent: (headerOf(request, 'user-agent') ?? '').slice(0, 256) };
}

/** Whom a limit counts when nobody is logged in: an IPv6 subscriber has a whole /64. */
export function addressOf(ip: string): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip.replace('::ffff:', '');
  const groups = ip.split('%')[0]?.split('::') ?? [];
  const head = (groups[0] ?? '').split(':').filter((group) => group !== '');
  const tail = (groups[1] ?? '').split(':').filter((group) => group !== '');
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
