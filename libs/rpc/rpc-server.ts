import type { DescService } from '@bufbuild/protobuf';
import { Catch, type ExceptionFilter } from '@nestjs/common';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';
import { type Route, routeName } from './internal/routes';

/** Where routes are opened: a port, or the network of this process. */
export interface RpcEndpoint {
  open(routes: readonly Route[]): Promise<void>;
  close(): Promise<void>;
}

/** Nest's side of both transports: takes over the handlers that `@RpcService` bound, with the guards, interceptors and filters around them. */
export class RpcServer extends Server implements CustomTransportStrategy {
  constructor(
    private readonly services: readonly DescService[],
    private readonly endpoint: RpcEndpoint,
  ) {
    super();
  }

  listen(done: (error?: unknown) => void): void {
    this.endpoint.open(this.routes()).then(() => done(), done);
  }

  close(): Promise<void> {
    return this.endpoint.close();
  }

  on(): void {
    throw new Error('This transport has no events.');
  }

  unwrap<T>(): T {
    throw new Error('This transport hides its server.');
  }

  private routes(): Route[] {
    return this.services.flatMap((service) =>
      service.methods.map((method) => {
        const handler = this.messageHandlers.get(routeName(service, method));
        if (!handler) throw new Error(`No controller serves ${routeName(service, method)}.`);
        return { service, method, handle: async (input: unknown, call: unknown) => this.transformToObservable(await handler(input, call)) as Observable<unknown> };
      }),
    );
  }
}

/** Keeps errors whole for the transport, which alone decides what of them crosses. Nest's own filter would flatten them. */
@Catch()
export class KeepErrors implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
