import { Injectable } from '@nestjs/common';
import cors from '@fastify/cors';
import { Log } from '@libs/chassis/log';
import { Metrics } from '@libs/chassis/metrics';
import { Spans } from '@libs/chassis/spans';
import { inTrace, spanIdOf, traceIdOf } from '@libs/chassis/trace';
import { Ids } from '@libs/kernel/ids';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config';
import { browserHeaders } from './browser-headers';
import { EXPOSED_HEADERS } from './cross-origin';
import { Guard } from './guard';
import { HotDoor } from './hot-door';
import { BODY_MAX_BYTES, parseBody, RAW_BODY_MAX_BYTES } from './json-body';
import { observe } from './observe';
import { HttpRefusal, problemOf, retryAfterOf } from './problem';
import { clientOf, decorate, headerOf, idempotencyKeyOf, ifMatchOf, requestIdOf, traceOf, URL_MAX } from './request';
import type { Input, Method, Route } from './route';
import { bodyReader, pathReader, queryReader } from './validate';

const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const fastifyPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** Turns a table of routes into an HTTP server: every answer that is not a success is a problem document. */
@Injectable()
export class Door {
  constructor(
    private readonly guard: Guard,
    private readonly config: GatewayConfig,
    private readonly ids: Ids,
    private readonly log: Log,
    private readonly metrics: Metrics,
    private readonly spans: Spans,
  ) {}

  async open(instance: FastifyInstance, routes: readonly Route[]): Promise<void> {
    decorate(instance);
    observe(instance, this.metrics, this.spans);
    instance.setErrorHandler((error, request, reply) => this.refuse(error, request, reply));
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES }, (_request, body, done) => parsed(body, done));
    // Whoever adds a route to this server, declared or not, meets the guard; the hot routes call it themselves.
    instance.addHook('onRoute', (route) => {
      if (!route.config?.hot) route.onRequest = [(request, reply) => this.admit(request, reply), ...[route.onRequest ?? []].flat()];
    });
    const hot = new HotDoor({ guard: this.guard, origins: this.config.values.CORS_ORIGINS, refuse: (...refused) => this.refuse(...refused), reader: (route) => this.reader(route), fastifyPath });
    await instance.register(async (inner) => hot.open(inner, routes.filter((route) => route.hot)));
    await instance.register((inner) => this.openUsual(inner, routes));
  }

  /** In a context of its own, since Fastify gives hooks of the server to every route of it. */
  private async openUsual(instance: FastifyInstance, routes: readonly Route[]): Promise<void> {
    const alike = browserHeaders();
    instance.addHook('onRequest', async (request, reply) => {
      request.traceparent = traceOf(request);
      reply.headers(alike).header('X-Request-Id', requestIdOf(request));
      if ((request.raw.url ?? '').length > URL_MAX) throw new HttpRefusal(414, 'gateway.url_too_long', `An address has at most ${URL_MAX} characters.`);
    });
    await instance.register(cors, { origin: [...this.config.values.CORS_ORIGINS], exposedHeaders: [...EXPOSED_HEADERS], methods: [...METHODS], maxAge: 600 });
    instance.setNotFoundHandler(async (request, reply) => {
      await this.guard.admitLost(request, reply);
      throw new HttpRefusal(404, 'gateway.not_found', 'There is no such route.');
    });
    for (const route of routes) if (!route.raw && !route.hot) this.add(instance, route);
    await instance.register(async (raw) => {
      raw.removeAllContentTypeParsers();
      raw.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: RAW_BODY_MAX_BYTES }, async (_request: FastifyRequest, body: Buffer) => body);
      for (const route of routes) if (route.raw) this.add(raw, route);
    });
    this.refuseOtherMethods(instance, routes);
  }

  private async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.guard.admit(request.routeOptions.config, request, reply);
  }

  private add(instance: FastifyInstance, route: Route): void {
    const { method, path, access, limit, status, mediaType, bodyMaxBytes } = route;
    const read = this.reader(route);
    const cacheControl = route.cacheControl ?? (access?.roles === 'public' ? undefined : 'no-store');
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      if (cacheControl) reply.header('Cache-Control', cacheControl);
      const input = read(request);
      const body = await inTrace(request.traceparent, () => route.handle(input, reply));
      reply.code(status);
      if (mediaType) reply.type(mediaType);
      return route.answer || body !== undefined ? body : reply.send();
    };
    instance.route({ method, url: fastifyPath(path), config: { path, ...(access && { access }), ...(limit && { limit }) }, ...(bodyMaxBytes && { bodyLimit: bodyMaxBytes }), handler });
  }

  private reader(route: Route): (request: FastifyRequest) => Input {
    const { idempotencyKey, ifMatch, raw } = route;
    const [params, query, body] = [pathReader(route.params), queryReader(route.query), bodyReader(route)];
    return (request) => ({
      params: params(request.params),
      query: query(request.query),
      key: (idempotencyKey && idempotencyKeyOf(request, idempotencyKey)) ?? this.ids.next('key'),
      ifMatch: ifMatch ? ifMatchOf(request) : 0n,
      body: body(request.body),
      user: request.user ?? undefined,
      call: request.user ? { user: request.user } : {},
      get client() {
        return clientOf(request);
      },
      signature: raw?.signature ? (headerOf(request, raw.signature) ?? '') : '',
      traceparent: request.traceparent,
    });
  }

  private refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const traceId = traceIdOf(request.traceparent) ?? '';
    const problem = problemOf(error, { traceId, instance: (request.raw.url ?? '').split('?', 1)[0]?.slice(0, 200) ?? '' });
    if (problem.status >= 500) this.record(error, problem.status, request, reply);
    if (error instanceof HttpRefusal) reply.headers(error.headers);
    if (problem.status === 401) reply.header('WWW-Authenticate', 'Bearer');
    if (problem.status === 503 && !reply.hasHeader('Retry-After')) reply.header('Retry-After', retryAfterOf(error));
    reply.header('Cache-Control', 'no-store');
    // Not through the route's serialiser, which knows its success alone.
    return reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem);
  }

  private record(error: unknown, status: number, request: FastifyRequest, { elapsedTime }: FastifyReply): void {
    const fields = { error, method: request.method, route: request.routeOptions.config?.path, status, duration_ms: Math.round(elapsedTime), request_id: requestIdOf(request), user_id: request.user?.id, trace_id: traceIdOf(request.traceparent), span_id: spanIdOf(request.traceparent) };
    if (status === 500) this.log.error(fields, 'a request failed');
    else this.log.warn(fields, 'a request could not be served');
  }

  /** A path that exists answers 405 to the methods that it does not have. */
  private refuseOtherMethods(instance: FastifyInstance, routes: readonly Route[]): void {
    for (const path of new Set(routes.map((route) => fastifyPath(route.path)))) {
      const has = new Set(routes.filter((route) => fastifyPath(route.path) === path).map(({ method }) => method));
      const missing = METHODS.filter((method) => !has.has(method));
      const allow = [...has].join(', ');
      const handler = async () => {
        throw new HttpRefusal(405, 'gateway.method_not_allowed', `This address takes ${allow}.`, { Allow: allow });
      };
      // The body of a wrong request is not looked at.
      if (missing.length > 0) instance.route({ method: missing, url: path, config: { access: { roles: 'public' } }, onRequest: handler, handler });
    }
  }
}

function parsed(body: string | Buffer, done: (error: Error | null, value?: unknown) => void): void {
  try {
    done(null, parseBody(Buffer.isBuffer(body) ? body : Buffer.from(body)));
  } catch (error) {
    done(error as Error); // `parseBody` throws refusals alone.
  }
}
