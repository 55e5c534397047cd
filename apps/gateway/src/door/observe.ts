import type { Metrics } from '@libs/chassis/metrics';
import { attributeNames } from '@libs/chassis/span-attributes';
import type { Spans } from '@libs/chassis/spans';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { headerOf } from './request';

/** Where a request was addressed to none of our routes. */
const NO_ROUTE = 'none';
const SERVER_ERROR = 500;

/** Rate, errors and duration of what the public asks, and a span for each request where traces are collected. */
export function observe(instance: FastifyInstance, metrics: Metrics, spans: Spans): void {
  const took = metrics.durations('http_server_request_duration_seconds', 'Time to answer a request, by its route as declared.', ['route', 'method', 'status']);
  instance.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.config?.path ?? NO_ROUTE;
    const { method, traceparent } = request;
    const [status, seconds] = [reply.raw.statusCode, reply.elapsedTime / 1_000];
    const isRecorded = spans.samples(traceparent);
    took.observe([route, method, String(status)], seconds, isRecorded ? traceparent : undefined);
    if (isRecorded) recordRequest(spans, request, { route, status, seconds });
    done();
  });
}

function recordRequest(spans: Spans, request: FastifyRequest, { route, status, seconds }: { route: string; status: number; seconds: number }): void {
  const { method, traceparent } = request;
  const attributes = { [attributeNames.method]: method, [attributeNames.route]: route, [attributeNames.status]: status };
  spans.record({ name: `${method} ${route}`, kind: 'server', traceparent, cause: headerOf(request, 'traceparent'), seconds, ...(status >= SERVER_ERROR && { failure: String(status) }), attributes });
}
