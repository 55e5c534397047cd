import type { Metrics } from '@libs/chassis/metrics';
import { attributeNames } from '@libs/chassis/span-attributes';
import type { Spans } from '@libs/chassis/spans';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Histogram } from 'prom-client';
import { headerOf } from './request';

/** Where a request was addressed to none of our routes. */
const NO_ROUTE = 'none';
const SERVER_ERROR = 500;

/** Rate, errors and duration of what the public asks, and a span for each request where traces are collected. */
export function observe(instance: FastifyInstance, metrics: Metrics, spans: Spans): void {
  const seconds = metrics.histogram('http_server_request_duration_seconds', 'Time to answer a request, by its route as declared.', ['route', 'method', 'status']);
  // Looked up once for each route, method and status: to find a metric by its labels costs more than to count.
  const known = new Map<string, Histogram.Internal<string>>();
  const seriesOf = (route: string, method: string, status: number) => {
    const name = `${route} ${method} ${status}`;
    const found = known.get(name) ?? seconds.labels(route, method, String(status));
    known.set(name, found);
    return found;
  };
  instance.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.config?.path ?? NO_ROUTE;
    const took = reply.elapsedTime / 1_000;
    seriesOf(route, request.method, reply.raw.statusCode).observe(took);
    if (spans.samples(request.traceparent)) recordRequest(spans, request, { route, status: reply.raw.statusCode, seconds: took });
    done();
  });
}

function recordRequest(spans: Spans, request: FastifyRequest, { route, status, seconds }: { route: string; status: number; seconds: number }): void {
  const { method, traceparent } = request;
  const attributes = { [attributeNames.method]: method, [attributeNames.route]: route, [attributeNames.status]: status };
  spans.record({ name: `${method} ${route}`, kind: 'server', traceparent, cause: headerOf(request, 'traceparent'), seconds, ...(status >= SERVER_ERROR && { failure: String(status) }), attributes });
}
