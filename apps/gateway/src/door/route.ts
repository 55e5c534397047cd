import type { OutgoingCall } from '@libs/rpc/rpc';
import type { CallUser, Role } from '@libs/rpc/call-context';
import type { z } from 'zod';
import type { LimitName } from './limits';

/**
 * Who may use a route. `public`: anybody. `signed_in`: any live session. `provider`: a provider whose signature the owning service checks.
 * A list: a live session with one of these roles. A route without an access is answered 403.
 */
export interface Access {
  readonly roles: 'public' | 'signed_in' | 'provider' | readonly Role[];
}

type Schema = z.ZodType | undefined;
type Read<S extends Schema> = S extends z.ZodType ? z.output<S> : undefined;
type Written<S extends Schema> = S extends z.ZodType ? z.input<S> : undefined;

export interface Client {
  readonly ip: string;
  readonly userAgent: string;
}

/** What a handler is given: everything that the door has checked, and nothing of HTTP. */
export interface Input<P = unknown, Q = unknown, B = unknown> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Passed on with each call: who asks, and how long they wait. */
  readonly call: OutgoingCall;
  /** Absent on a public route without a session. */
  readonly user: CallUser | undefined;
  /** The Idempotency-Key, or one of our own where the header may be left out. */
  readonly key: string;
  /** The version that If-Match names. */
  readonly ifMatch: bigint;
  readonly client: Client;
  /** The header that a provider signs with. */
  readonly signature: string;
  readonly traceparent: string;
}

/** The headers of the answer. */
export interface Headers {
  header(name: string, value: string): unknown;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Described<P extends Schema, Q extends Schema, B extends Schema, A extends Schema> {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/bids/{bidId}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly access?: Access;
  /** Default: `default` for a session, `anonymous` without one. */
  readonly limit?: LimitName;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** A body of any form that is handed on byte for byte, with the header that carries its signature, if it has one. */
  readonly raw?: { readonly signature?: string };
  /** Default: what is enough for any form that a person fills in. */
  readonly bodyMaxBytes?: number;
  readonly status: number;
  readonly answer?: A;
  /** Of an answer that is no JSON: the handler gives it as a text. */
  readonly mediaType?: string;
  /** `required`: POSTs that move money or trade. `optional`: commands that are repeated safely without one. */
  readonly idempotencyKey?: 'required' | 'optional';
  /** The row's version must be named. */
  readonly ifMatch?: true;
  /** Refusals of its own, besides those that every route has. */
  readonly refusals?: readonly string[];
  /** The path that everything waits for: validated by compiled JSON Schema, serialised by a compiled serialiser. */
  readonly hot?: true;
  /** Default: `no-store` with a session, else nothing. */
  readonly cacheControl?: string;
}

export interface RouteInit<P extends Schema, Q extends Schema, B extends Schema, A extends Schema> extends Described<P, Q, B, A> {
  handle(input: Input<Read<P>, Read<Q>, Read<B>>, headers: Headers): Promise<Written<A>>;
}

export interface Route extends Described<Schema, Schema, Schema, Schema> {
  handle(input: Input, headers: Headers): Promise<unknown>;
}

/** Ties a handler's types to the schemas of its route. The door has parsed by these very schemas, hence the one cast. */
export function route<P extends Schema = undefined, Q extends Schema = undefined, B extends Schema = undefined, A extends Schema = undefined>(
  init: RouteInit<P, Q, B, A>,
): Route {
  const described: unknown = init;
  return described as Route;
}
