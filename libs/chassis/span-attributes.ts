/** The names of OpenTelemetry's conventions that we use, and our own: in one place, since those of messaging are not settled. */
export const attributeNames = {
  serviceName: 'service.name', serviceNamespace: 'service.namespace', errorType: 'error.type',
  method: 'http.request.method', route: 'http.route', status: 'http.response.status_code',
  rpcSystem: 'rpc.system', rpcService: 'rpc.service', rpcMethod: 'rpc.method', rpcStatus: 'rpc.grpc.status_code',
  messagingSystem: 'messaging.system', messagingOperation: 'messaging.operation.name', messagingOperationType: 'messaging.operation.type',
  topic: 'messaging.destination.name', group: 'messaging.consumer.group.name', eventId: 'messaging.message.id',
  orderId: 'bx.order.id', sagaStep: 'bx.saga.step', command: 'bx.command',
} as const;
