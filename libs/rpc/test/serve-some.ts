import type { DescService } from '@bufbuild/protobuf';
import type { RpcHandlers } from '../rpc';
import { RpcService } from '../rpc-service';

/** Binds a test's controller that has only some of a service's rpcs; the others fail when they are called. */
export function serveSome<S extends DescService>(service: S, controller: new (...args: never[]) => Partial<RpcHandlers<S>>): void {
  for (const { localName, name } of service.methods) {
    if (localName in controller.prototype) continue;
    Object.defineProperty(controller.prototype, localName, { value: () => Promise.reject(new Error(`this controller has no ${name}`)), configurable: true, writable: true });
  }
  // The missing rpcs were added just above, where the compiler does not look.
  RpcService(service)(controller as unknown as new (...args: never[]) => RpcHandlers<S>);
}
