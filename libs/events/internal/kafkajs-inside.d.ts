/** What we touch of the package's inside, which has no types of its own. */

declare module 'kafkajs/src/network/requestQueue' {
  import type { EventEmitter } from 'node:events';
  const RequestQueue: { readonly prototype: EventEmitter };
  export = RequestQueue;
}

/** The following two for a test alone. */
declare module 'kafkajs/src/network/connectionPool' {
  import type { EventEmitter } from 'node:events';
  class ConnectionPool {
    constructor(options: object);
    getConnection(index: number): Promise<{ readonly requestQueue: EventEmitter & { readonly inflight: ReadonlyMap<number, unknown> } }>;
  }
  export = ConnectionPool;
}

declare module 'kafkajs/src/broker' {
  class Broker {
    constructor(options: object);
    lookupRequest: (key: number, definition: { protocol(version: { version: number }): object }) => object;
    fetch(request: object): Promise<unknown>;
    heartbeat(request: object): Promise<unknown>;
  }
  export = Broker;
}
