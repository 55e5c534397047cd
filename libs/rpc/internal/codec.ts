import { create, type DescMessage, type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';
import { AppError } from '@libs/kernel/app-error';
import { answersStream, type Route, routeName, takesStream } from './routes';

/** A unary message is small; one of a stream holds a batch. */
export const UNARY_BYTES_MAX = 256 * 1_024;
export const STREAM_BYTES_MAX = 4 * 1_024 * 1_024;

/** What the wire brought: a message, or why it is none. grpc-js would answer a codec's own error as INTERNAL, with its text. */
export type Received = object | AppError;

export function encode(schema: DescMessage, message: unknown): Buffer {
  return Buffer.from(toBinary(schema, create(schema, message as never)));
}

function receive(schema: DescMessage, bytes: Buffer, bytesMax: number): Received {
  if (bytes.length > bytesMax) return new AppError('invalid', 'rpc.message_too_large', `A message of this call has at most ${bytesMax} bytes.`);
  try {
    return fromBinary(schema, bytes);
  } catch {
    return new AppError('invalid', 'rpc.message_malformed', 'The message cannot be read.');
  }
}

/** The grpc-js form of a generated rpc: its codec is the generated one, and no .proto file is read at run time. */
export function methodDefinition({ service, method }: Pick<Route, 'service' | 'method'>): MethodDefinition<object, Received> {
  const bytesMax = requestBytesMax(method);
  return {
    path: `/${routeName(service, method)}`,
    requestStream: takesStream(method),
    responseStream: answersStream(method),
    requestSerialize: (message: object) => encode(method.input, message),
    requestDeserialize: (bytes: Buffer) => receive(method.input, bytes, bytesMax),
    responseSerialize: (message: object) => encode(method.output, message),
    responseDeserialize: (bytes: Buffer) => receive(method.output, bytes, STREAM_BYTES_MAX),
  };
}

export function requestBytesMax(method: DescMethod): number {
  return takesStream(method) ? STREAM_BYTES_MAX : UNARY_BYTES_MAX;
}
