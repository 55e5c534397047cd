import { Metadata, status as Status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { AppError, type ErrorCode, type ErrorKind, errorKinds } from '@libs/kernel/app-error';

/** What crosses when the other side broke: nothing but that it did. */
export class RpcInternalError extends Error {
  override name = 'RpcInternalError';

  constructor(readonly rpc: string) {
    super(`${rpc} failed on the other side`);
  }
}

const kindOfGrpc = new Map<number, ErrorKind>((Object.keys(errorKinds) as ErrorKind[]).map((kind) => [errorKinds[kind].grpc, kind]));

/** The one place where an error becomes a gRPC status. The stable code and the details travel in trailers. */
export function statusOf(error: unknown): Partial<StatusObject> {
  const metadata = new Metadata();
  if (!(error instanceof AppError)) return { code: Status.INTERNAL, details: 'internal error', metadata };
  metadata.set('error-code', error.code);
  metadata.set('error-message-bin', Buffer.from(error.message));
  metadata.set('error-details-bin', Buffer.from(JSON.stringify(error.details)));
  return { code: errorKinds[error.kind].grpc, details: error.code, metadata };
}

/** And the one where it becomes an error again. */
export function errorOfStatus({ code, metadata }: Pick<ServiceError, 'code' | 'metadata'>, rpc: string): Error {
  const errorCode = metadata.get('error-code')[0];
  const kind = kindOfGrpc.get(code);
  if (errorCode && kind) {
    const message = String(metadata.get('error-message-bin')[0] ?? errorCode);
    const details = JSON.parse(String(metadata.get('error-details-bin')[0] ?? '{}')) as Record<string, string>;
    return new AppError(kind, String(errorCode) as ErrorCode, message, details);
  }
  if (code === Status.DEADLINE_EXCEEDED) return deadlinePassed(rpc);
  if (code === Status.UNAVAILABLE || code === Status.CANCELLED) return unavailable(rpc);
  if (code === Status.UNAUTHENTICATED) return new AppError('unauthenticated', 'rpc.unauthenticated', 'The other side does not accept this caller.');
  return new RpcInternalError(rpc);
}

/** No answer came: nobody was there, or not in time. What a callee answers is never this, whatever its code. */
export class CalleeSilent extends AppError {
  constructor({ kind, code, message, details }: AppError) {
    super(kind, code, message, details);
  }
}

/** There may be time for another attempt. */
export function isUnreached(error: unknown): error is CalleeSilent {
  return error instanceof CalleeSilent && error.code === 'rpc.unavailable';
}

export const unavailable = (rpc: string) => new CalleeSilent(new AppError('unavailable', 'rpc.unavailable', 'A part of the exchange cannot be reached at the moment.', { rpc }));
export const deadlinePassed = (rpc: string) => new CalleeSilent(new AppError('unavailable', 'rpc.deadline', 'A part of the exchange did not answer in time.', { rpc }));
export const circuitOpen = (service: string, rpc: string, openMs: number) =>
  new AppError('unavailable', 'rpc.circuit_open', 'A part of the exchange has not answered lately, and is given a moment. Nothing was sent.', { service, rpc, retryAfterS: String(Math.ceil(openMs / 1_000)) });
