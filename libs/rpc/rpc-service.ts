import type { DescService } from '@bufbuild/protobuf';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { RpcHandlers } from './rpc';

/** Binds every rpc of `service` to the method of the same name; a missing one does not compile. */
export function RpcService<S extends DescService>(service: S) {
  return (controller: new (...args: never[]) => RpcHandlers<S>): void => {
    for (const method of service.methods) {
      const descriptor = Object.getOwnPropertyDescriptor(controller.prototype, method.localName);
      if (!descriptor) throw new Error(`${controller.name} does not implement ${service.typeName}/${method.name}`);
      MessagePattern(`${service.typeName}/${method.name}`)(controller.prototype, method.localName, descriptor);
      // Named, because Nest assumes a second parameter for its own gRPC server only.
      Payload()(controller.prototype, method.localName, 0);
      Ctx()(controller.prototype, method.localName, 1);
    }
  };
}
