import type { MethodDefinition, sendUnaryData, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';

/** `grpc.health.v1.Health`, so that any orchestrator can ask. Its two messages have one field each and are coded by hand. */

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;
const WATCH_EVERY_MS = 1_000;

export type IsServing = () => boolean;

/** An object even when it is empty: grpc-js takes a falsy message for none. */
interface Asked {
  readonly service: string;
}

function definition(name: 'Check' | 'Watch', responseStream: boolean): MethodDefinition<Asked, number> {
  return {
    path: `/grpc.health.v1.Health/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: ({ service }: Asked) => Buffer.concat([Buffer.from([0x0a, Buffer.byteLength(service)]), Buffer.from(service)]),
    requestDeserialize: (bytes: Buffer) => ({ service: bytes[0] === 0x0a ? bytes.toString('utf8', 2, 2 + (bytes[1] ?? 0)) : '' }),
    responseSerialize: (status: number) => Buffer.from([0x08, status]),
    responseDeserialize: (bytes: Buffer) => bytes[1] ?? 0,
  };
}

export const healthDefinition = { Check: definition('Check', false), Watch: definition('Watch', true) };

export function healthImplementation(names: ReadonlySet<string>, isServing: IsServing): UntypedServiceImplementation {
  const statusOf = (service: string) => (service !== '' && !names.has(service) ? SERVICE_UNKNOWN : isServing() ? SERVING : NOT_SERVING);
  return {
    Check: (call: ServerUnaryCall<Asked, number>, answer: sendUnaryData<number>) => answer(null, statusOf(call.request.service)),
    Watch: (call: ServerWritableStream<Asked, number>) => {
      let told = -1;
      const tell = () => {
        const status = statusOf(call.request.service);
        if (status !== told) call.write(status);
        told = status;
      };
      tell();
      const timer = setInterval(tell, WATCH_EVERY_MS).unref();
      call.on('cancelled', () => clearInterval(timer));
    },
  };
}
