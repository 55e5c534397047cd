import { ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor, type IdGenerator, SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import { attributeNames } from '../span-attributes';
import type { Span, SpanExport } from '../spans';
import { spanIdOf, traceIdOf } from '../trace';

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const;

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
  private readonly sampler: TraceIdRatioBasedSampler;
  private readonly provider: BasicTracerProvider;

  /** `share`: of the traces, from 0 to 1. */
  constructor(endpoint: string, service: string, share: number) {
    this.sampler = new TraceIdRatioBasedSampler(share);
    const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
    this.provider = new BasicTracerProvider({
      sampler: new AlwaysOnSampler(), // What comes here has been sampled.
      idGenerator: this.ids,
      resource: resourceFromAttributes({ [attributeNames.serviceName]: service, [attributeNames.serviceNamespace]: 'pairwise' }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
  }

  samples(traceId: string): boolean {
    return this.sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
  }

  take({ name, kind, traceparent, cause, link, seconds, failure, attributes }: Span): void {
    const endTime = Date.now();
    Object.assign(this.ids, { traceId: traceIdOf(traceparent) ?? '', spanId: spanIdOf(traceparent) ?? '' });
    const [parent, linked] = [placeOf(cause), placeOf(link)];
    const options = { kind: kinds[kind], startTime: endTime - seconds * 1_000, attributes: { ...attributes }, ...(linked && { links: [{ context: linked }] }) };
    const span = this.provider.getTracer('pairwise').startSpan(name, options, parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT);
    if (failure !== undefined) span.setAttribute(attributeNames.errorType, failure).setStatus({ code: SpanStatusCode.ERROR });
    span.end(endTime);
  }

  close(): Promise<void> {
    return this.provider.shutdown();
  }
}

function placeOf(traceparent: string | undefined): SpanContext | undefined {
  const [traceId, spanId] = [traceIdOf(traceparent), spanIdOf(traceparent)];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}
