import { continueTrace, inTrace } from './trace';

/** What was done as a part of a trace, once it is over. */
export interface Span {
  readonly name: string;
  readonly kind: 'server' | 'producer' | 'consumer' | 'internal';
  /** Its own place in the trace. */
  readonly traceparent: string;
  /** That of what it was done for; none when it began the trace. */
  readonly cause: string | undefined;
  readonly seconds: number;
  /** A refusal's code, or `internal`. */
  readonly failure?: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface SpanExport {
  take(span: Span): void;
  close(): Promise<void>;
}

/** The names of OpenTelemetry's conventions that we use, in one place since those of messaging are not settled. */
export const attributeNames = {
  method: 'http.request.method', route: 'http.route', status: 'http.response.status_code',
  rpcSystem: 'rpc.system', rpcService: 'rpc.service', rpcMethod: 'rpc.method',
  messagingSystem: 'messaging.system', topic: 'messaging.destination.name', group: 'messaging.consumer.group.name', eventId: 'messaging.message.id',
  orderId: 'bx.order.id', sagaStep: 'bx.saga.step', command: 'bx.command',
} as const;

/** Where a service tells what it did. Traces travel in any case; that somebody collects them is configuration, and without it this costs nothing. */
export class Spans {
  constructor(private readonly collector?: SpanExport) {}

  get isOn(): boolean {
    return this.collector !== undefined;
  }

  record(span: Span): void {
    this.collector?.take(span);
  }

  /** Runs `work` as a span of its own, of the trace that `cause` belongs to. */
  async run<T>(span: Pick<Span, 'name' | 'kind' | 'cause' | 'attributes'>, work: () => Promise<T>): Promise<T> {
    const traceparent = continueTrace(span.cause);
    if (!this.isOn) return inTrace(traceparent, work);
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
