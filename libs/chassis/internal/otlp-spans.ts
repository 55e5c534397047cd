import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type IdGenerator } from '@opentelemetry/sdk-trace-base';
import type { Span, SpanExport } from '../spans';
import { spanIdOf, traceIdOf } from '../trace';

const kinds = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const;

/** Hands out the ids that our own trace context has made already. */
class GivenIds implements IdGenerator {
  traceId = '';
  spanId = '';
  generateTraceId = () => this.traceId;
  generateSpanId = () => this.spanId;
}

/** OTLP over HTTP, by OpenTelemetry's SDK. Imported only where an endpoint is given. */
export class OtlpSpans implements SpanExport {
  private readonly ids = new GivenIds();
  private readonly provider: BasicTracerProvider;

  constructor(endpoint: string, service: string) {
    const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
    this.provider = new BasicTracerProvider({
      idGenerator: this.ids,
      resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'pairwise' }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
  }

  take({ name, kind, traceparent, cause, seconds, failure, attributes }: Span): void {
    const endTime = Date.now();
    Object.assign(this.ids, { traceId: traceIdOf(traceparent) ?? '', spanId: spanIdOf(traceparent) ?? '' });
    const parentId = spanIdOf(cause);
    const parent = parentId === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { traceId: this.ids.traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
    const span = this.provider.getTracer('pairwise').startSpan(name, { kind: kinds[kind], startTime: endTime - seconds * 1_000, attributes: { ...attributes } }, parent);
    if (failure !== undefined) span.setAttribute('error.type', failure).setStatus({ code: SpanStatusCode.ERROR });
    span.end(endTime);
  }

  close(): Promise<void> {
    return this.provider.shutdown();
  }
}
