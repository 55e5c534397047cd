import type { DescMethodBiDiStreaming, DescMethodServerStreaming, DescMethodUnary, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { ServiceName } from '@libs/contracts/events';
import { AppError } from '@libs/kernel/app-error';
import type { Observable } from 'rxjs';
import type { CallContext, CallUser } from './call-context';

export interface OutgoingCall {
  /** Only the gateway may speak for users. */
  readonly user?: CallUser;
  /** Default 3,000; streams have none. */
  readonly deadlineMs?: number;
}

/** A service from its caller's side. Refusals arrive as the `AppError` that the other side threw; anything else as `unavailable` or a bug. */
export type RpcClient<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, call?: OutgoingCall) => Promise<MessageShape<O>>
    : S['method'][K] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, call?: OutgoingCall) => Observable<MessageShape<O>>
      : S['method'][K] extends DescMethodBiDiStreaming<infer I, infer O>
        ? (requests: Observable<MessageInitShape<I>>, call?: OutgoingCall) => Observable<MessageShape<O>>
        : never;
};

/** What a Nest controller must offer to serve `S`: every rpc, with generated request and response types. */
export type RpcHandlers<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: CallContext) => Promise<MessageInitShape<O>>
    : S['method'][K] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: CallContext) => Observable<MessageInitShape<O>>
      : S['method'][K] extends DescMethodBiDiStreaming<infer I, infer O>
        ? (requests: Observable<MessageShape<I>>, call: CallContext) => Observable<MessageInitShape<O>>
        : never;
};

const unanswered: ReadonlySet<string> = new Set(['rpc.unavailable', 'rpc.deadline', 'rpc.circuit_open']);

/** Whether a call failed because somebody did not answer, the callee or whom it asked in turn. Each tells its operator by itself when that lasts. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof AppError && unanswered.has(error.code);
}

/** The other services, over gRPC or within the process. */
export abstract class Rpc {
  /** `at` names the service where the contract is one that every service serves. */
  abstract client<S extends DescService>(service: S, at?: ServiceName): RpcClient<S>;
}
