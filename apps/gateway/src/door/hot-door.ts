import { invariant } from '@libs/kernel/invariant';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { browserHeaders } from './browser-headers';
import { crossOriginHeaders } from './cross-origin';
import type { Guard } from './guard';
import { HttpRefusal } from './problem';
import { headerOf, requestIdOf, traceOf, URL_MAX } from './request';
import type { Headers, Input, Route } from './route';
import { jsonSchema } from './validate';


/** The headers of one answer as a flat list, which Node writes as it is. */
class HeaderList implements Headers {
  readonly flat: string[];

  constructor(prepared: readonly string[]) {
    this.flat = prepared.slice();
  }

  header(name: string, value: string): void {
    this.flat.push(name, value);
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a hot route: what the answer will say, whether it succeeds or not. */
    answerHeaders: HeaderList | null;
  }
}

export interface HotParts {
  readonly guard: Guard;
  readonly origins: readonly string[];
  readonly refuse: (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
  readonly reader: (route: Route) => (request: FastifyRequest) => Input;
  readonly fastifyPath: (path: string) => string;
}

/**
 * The routes that everything waits for, with the same rules as all others and less around them: headers that are alike for
 * every answer are prepared once, nothing waits that need not, and a success is written straight to Node's response.
 */
export class HotDoor {
  private readonly prepared = new Map<string | undefined, readonly string[]>();

  constructor(private readonly parts: HotParts) {
    const alike = Object.entries(browserHeaders()).flat();
    const { origins } = parts;
    for (const origin of [undefined, ...origins]) {
      this.prepared.set(origin, [...alike, ...crossOriginHeaders(origins, origin), 'Content-Type', 'application/json; charset=utf-8', 'Cache-Control', 'no-store']);
    }
  }

  open(instance: FastifyInstance, routes: readonly Route[]): void {
    instance.decorateRequest('answerHeaders', null);
    instance.setErrorHandler((error, request, reply) => this.refuse(error, request, reply));
    for (const route of routes) this.add(instance, route);
  }

  private add(instance: FastifyInstance, route: Route): void {
    const { method, path, access, limit, status } = route;
    const { guard, reader, fastifyPath } = this.parts;
    const read = reader(route);
    invariant(route.answer, `the hot route ${path} answers something`);
    const schema = { response: { [status]: jsonSchema(route.answer, 'output') } };
    instance.route({
      method,
      url: fastifyPath(path),
      config: { hot: true, path, ...(access && { access }), ...(limit && { limit }) },
      schema,
      onRequest: (request, _reply, done) => {
        try {
          const admitted = this.greet(request, guard, { access, limit });
          if (admitted instanceof Promise) admitted.then(() => done(), done);
          else done();
        } catch (error) {
          done(error as Error); // Fastify passes on whatever it is given.
        }
      },
      handler: (request, reply) => {
        const headers = request.answerHeaders;
        invariant(headers, 'a hot request was greeted');
        // The route's own type says that it answers its schema, an object.
        route.handle(read(request), headers).then(
          (body) => write(reply, status, headers.flat, String(reply.serializeInput(body as Record<string, unknown>, String(status)))),
        ).catch((error: unknown) => this.refuse(error, request, reply));
      },
    });
  }

  private greet(request: FastifyRequest, guard: Guard, rules: Pick<Route, 'access' | 'limit'>): void | Promise<void> {
    request.traceparent = traceOf(request);
    const headers = this.headersFor(request);
    request.answerHeaders = headers;
    headers.header('X-Request-Id', requestIdOf(request));
    if ((request.raw.url ?? '').length > URL_MAX) throw new HttpRefusal(414, 'gateway.url_too_long', `An address has at most ${URL_MAX} characters.`);
    return guard.admit(rules, request, headers);
  }

  private headersFor(request: FastifyRequest): HeaderList {
    return new HeaderList(this.prepared.get(headerOf(request, 'origin')) ?? this.prepared.get(undefined) ?? []);
  }

  /** As any route refuses, with the headers that this answer has gathered. */
  private refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const flat = request.answerHeaders?.flat ?? [];
    for (let i = 0; i < flat.length; i += 2) reply.header(flat[i] as string, flat[i + 1]);
    return this.parts.refuse(error, request, reply);
  }
}

function write(reply: FastifyReply, status: number, flat: string[], body: string): void {
  flat.push('Content-Length', String(Buffer.byteLength(body)));
  reply.hijack();
  reply.raw.writeHead(status, flat);
  reply.raw.end(body);
}
