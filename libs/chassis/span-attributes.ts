import type { DescMethod } from '@bufbuild/protobuf';
import type { EventLine } from '@libs/events/event-line';

/** The names of OpenTelemetry's conventions that we use, and our own: in one place, since those of messaging are not settled. */
export const attributeNames = {
  serviceName: 'service.name', serviceNamespace: 'service.namespace', errorType: 'error.type',
  method: 'http.request.method', route: 'http.route', status: 'http.response.status_code',
  rpcSystem: 'rpc.system', rpcService: 'rpc.service', rpcMethod: 'rpc.method', rpcStatus: 'rpc.grpc.status_code',
  messagingSystem: 'messaging.system', messagingOperation: 'messaging.operation.name', messagingOperationType: 'messaging.operation.type',
  topic: 'messaging.destination.name', group: 'messaging.consumer.group.name', eventId: 'messaging.message.id',
  orderId: 'bx.order.id', sagaStep: 'bx.saga.step', command: 'bx.command',
} as const;

/** A call between two services. */
export function callAttributes(service: string, method: string) {
  return { [attributeNames.rpcSystem]: 'grpc', [attributeNames.rpcService]: service, [attributeNames.rpcMethod]: method };
}

/** A command on a stream, as either side tells of it: the stream is everybody's and outlives them all, so each command is a call of its own on it. */
export function commandSpan({ parent, name: method }: DescMethod, command = 'malformed') {
  return { name: `${method.toLowerCase()} ${command}`, attributes: { ...callAttributes(parent.typeName, method), [attributeNames.command]: command } };
}

/** An event that goes to the bus, or that somebody takes from it. */
export function eventAttributes(system: string, operation: 'publish' | 'process', { topic, headers: { id } }: EventLine) {
  return {
    [attributeNames.messagingSystem]: system, [attributeNames.messagingOperation]: operation,
    [attributeNames.messagingOperationType]: operation === 'publish' ? 'send' : operation,
    [attributeNames.topic]: topic, [attributeNames.eventId]: id,
  };
}
