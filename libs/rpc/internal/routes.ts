import type { DescMethod, DescService } from '@bufbuild/protobuf';
import type { Observable } from 'rxjs';
import type { CallContext } from '../call-context';

/** A bound rpc, with the guards, interceptors and filters around it. Unary ones answer one value. */
export interface Route {
  readonly service: DescService;
  readonly method: DescMethod;
  handle(input: unknown, call: CallContext): Promise<Observable<unknown>>;
}

export function routeName(service: DescService, method: DescMethod): string {
  return `${service.typeName}/${method.name}`;
}

export const takesStream = (method: DescMethod): boolean => method.methodKind === 'bidi_streaming' || method.methodKind === 'client_streaming';
export const answersStream = (method: DescMethod): boolean => method.methodKind === 'bidi_streaming' || method.methodKind === 'server_streaming';
