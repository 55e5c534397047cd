import { continueTrace, inTrace, isSampled, TRACE_ID_AT, TRACE_ID_END } from './trace';

/** What was done as a part of a trace, once it is over. */
export interface Span {
  readonly name: string;
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  /** Its own place in the trace. */
  readonly traceparent: string;
  /** That of what it was done for; none when it began the trace. */
  readonly cause: string | undefined;
  /** What it came from over the bus: that of whoever announced the event. */
  readonly link?: string | undefined;
  readonly seconds: number;
  /** A refusal's code, or `internal`. */
  readonly failure?: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface SpanExport {
  /** Whether it keeps that trace: the same answer for each of its spans, in every service. */
  samples(traceId: string): boolean;
  take(span: Span): void;
  close(): Promise<void>;
}

/** Where a service tells what it did. Traces travel in any case; that somebody collects them is configuration, and without it this costs nothing. */
export class Spans {
  constructor(private readonly collector?: SpanExport) {}

  get isOn(): boolean {
    return this.collector !== undefined;
  }

  /** Whether anybody keeps what is told of this trace. Asked first, so that nothing is put together that nobody keeps. */
  samples(traceparent: string | undefined): boolean {
    if (!this.collector || traceparent === undefined || !isSampled(traceparent)) return false;
    return this.collector.samples(traceparent.slice(TRACE_ID_AT, TRACE_ID_END));
  }

  record(span: Span): void {
    if (this.samples(span.traceparent)) this.collector?.take(span);
  }

  /** Runs `work` as a span of its own, of the trace that `cause` belongs to. */
  async run<T>(span: Pick<Span, 'name' | 'kind' | 'cause' | 'link' | 'attributes'>, work: () => Promise<T>): Promise<T> {
    const traceparent = continueTrace(span.cause);
    if (!this.samples(traceparent)) return inTrace(traceparent, work);
    const begun = performance.now();
    const ended = (failure?: string) => this.record({ ...span, traceparent, seconds: (performance.now() - begun) / 1_000, ...(failure && { failure }) });
    try {
      const result = await inTrace(traceparent, work);
      ended();
      return result;
    } catch (error) {
      ended(codeOf(error));
      throw error;
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'internal';
}
