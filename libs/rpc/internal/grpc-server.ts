import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { AppError } from '@libs/kernel/app-error';
import { mergeMap, type Observable, takeUntil, throwError, timer } from 'rxjs';
import type { CallContext } from '../call-context';
import { type CallHeaders, callContextOf, headerNames } from './caller';
import { methodDefinition, type Received, STREAM_BYTES_MAX } from './codec';
import { healthDefinition, healthImplementation, type IsServing } from './grpc-health';
import { messagesOf, writeTo } from './grpc-streams';
import type { Inbound } from './inbound';
import { statusOf, unavailable } from './refusal';
import { answersStream, type Route, takesStream } from './routes';
import type { ServiceTokenVerifier } from './service-token';

/** A stream's caller was checked when it opened; so that this does not hold for ever, it opens anew. */
const STREAM_AGE_MS_MAX = 3_600_000;
const CALLS_MAX_PER_CONNECTION = 2_000;

type UnaryCall = Parameters<handleUnaryCall<Received, object>>[0];
type StreamCall = ServerWritableStream<Received, object> | ServerDuplexStream<Received, object>;

interface Door {
  readonly listen: string;
  readonly verifier: ServiceTokenVerifier;
  readonly isServing: IsServing;
}

/** Serves routes over the network. */
export class GrpcServer {
  private readonly server = new Server({
    'grpc.max_receive_message_length': STREAM_BYTES_MAX,
    'grpc.max_send_message_length': STREAM_BYTES_MAX,
    'grpc.max_concurrent_streams': CALLS_MAX_PER_CONNECTION,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.http2.min_ping_interval_without_data_ms': 5_000,
  });
  private readonly ending: Set<() => void> = new Set();

  constructor(
    private readonly door: Door,
    private readonly inbound: Inbound,
  ) {}

  /** Answers the port. */
  async listen(routes: readonly Route[]): Promise<number> {
    const services = new Set(routes.map(({ service }) => service));
    for (const service of services) {
      const own = routes.filter((route) => route.service === service);
      const definition: ServiceDefinition = Object.fromEntries(own.map((route) => [route.method.localName, methodDefinition(route)]));
      this.server.addService(definition, Object.fromEntries(own.map((route) => [route.method.localName, this.handlerOf(route)])));
    }
    this.server.addService(healthDefinition, healthImplementation(new Set([...services].map(({ typeName }) => typeName)), this.door.isServing));
    return new Promise((resolve, reject) => {
      this.server.bindAsync(this.door.listen, ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port)));
    });
  }

  /** Takes no new calls, ends the streams, waits for the unary ones, and cuts what is left. */
  async close(graceMs: number): Promise<void> {
    for (const end of this.ending) end();
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => {
        this.server.forceShutdown();
        resolve();
      }, graceMs);
      this.server.tryShutdown(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  private handlerOf(route: Route): UntypedHandleCall {
    if (!answersStream(route.method)) return (call: UnaryCall, answer: Parameters<handleUnaryCall<Received, object>>[1]) => void this.unary(route, call, answer);
    return (call: StreamCall) => this.stream(route, call);
  }

  private async unary(route: Route, call: UnaryCall, answer: Parameters<handleUnaryCall<Received, object>>[1]): Promise<void> {
    try {
      const context = this.contextOf(call.metadata, call.getDeadline());
      if (call.request instanceof AppError) throw call.request;
      answer(null, await this.inbound.unary(route, call.request, context));
    } catch (error) {
      answer(statusOf(error));
    }
  }

  private stream(route: Route, call: StreamCall): void {
    const answers = this.answersOf(route, call);
    let end: () => void = () => undefined;
    const fail = (error: unknown) => {
      this.ending.delete(end);
      call.emit('error', statusOf(error));
    };
    const subscription = writeTo(call, answers, {
      complete: () => {
        this.ending.delete(end);
        call.end();
      },
      error: fail,
    });
    if (subscription.closed) return;
    end = () => {
      subscription.unsubscribe();
      fail(unavailable(route.method.name));
    };
    this.ending.add(end);
    call.on('cancelled', () => {
      this.ending.delete(end);
      subscription.unsubscribe();
    });
  }

  private answersOf(route: Route, call: StreamCall): Observable<object> {
    try {
      const context = this.contextOf(call.metadata, call.getDeadline());
      const input = takesStream(route.method) ? messagesOf(call as ServerDuplexStream<Received, object>, () => unavailable(route.method.name)) : (call as ServerWritableStream<Received, object>).request;
      if (input instanceof AppError) throw input;
      const reopen = timer(STREAM_AGE_MS_MAX).pipe(mergeMap(() => throwError(() => new AppError('unavailable', 'rpc.reopen', 'Open this stream anew.'))));
      return this.inbound.stream(route, input, context).pipe(takeUntil(reopen));
    } catch (error) {
      return throwError(() => error);
    }
  }

  private contextOf(metadata: Metadata, deadline: Date | number): CallContext {
    const service = this.door.verifier.verify(metadata.get('service-token')[0]?.toString());
    const headers: CallHeaders = Object.fromEntries(headerNames.flatMap((name) => metadata.get(name).map((value) => [name, String(value)] as const)));
    return callContextOf(service, headers, deadline instanceof Date ? deadline : Number.isFinite(deadline) ? new Date(deadline) : undefined);
  }
}
