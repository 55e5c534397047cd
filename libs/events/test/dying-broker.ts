import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { until } from '@libs/testing/exchange-process';
import '@libs/events/kafka-settings';
import Broker from 'kafkajs/src/broker';
import ConnectionPool from 'kafkajs/src/network/connectionPool';

/** A program: what the client says when a broker that answers nothing closes the connection under many calls, while a fetch waits on the other one. */

const CALLS = 200;
const WAIT_MS = 20_000;

const nobody = () => undefined;
const logger = { namespace: () => logger, debug: nobody, info: nobody, warn: nobody, error: nobody };

async function main(): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', nobody).resume()));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // A server that listens on a port has an address with it.
  const { port } = server.address() as AddressInfo;
  const socketFactory = ({ onConnect }: { onConnect: () => void }) => connect({ host: '127.0.0.1', port }, onConnect);
  const connectionPool = new ConnectionPool({ host: '127.0.0.1', port, logger, socketFactory, connectionTimeout: WAIT_MS, requestTimeout: 10 * WAIT_MS, enforceRequestTimeout: true, clientId: 'test' });
  const broker = new Broker({ connectionPool, logger, versions: {}, nodeId: 1 });
  broker.lookupRequest = (_key, definition) => definition.protocol({ version: 0 });
  const { requestQueue: calls } = await connectionPool.getConnection(0);
  await until('the first connection is there', WAIT_MS, () => sockets.length === 1);
  const { requestQueue: fetches } = await connectionPool.getConnection(1);
  await until('the second one is there', WAIT_MS, () => sockets.length === 2);
  void broker.fetch({ replicaId: -1, topics: [], maxWaitTime: WAIT_MS }).catch(nobody);
  for (let call = 0; call < CALLS; call++) void broker.heartbeat({ groupId: 'g', groupGenerationId: 1, memberId: 'm' }).catch(nobody);
  await until('fetch and calls are under way', WAIT_MS, () => fetches.inflight.size === 1 && calls.inflight.size === CALLS);
  sockets[0]?.end();
  await until('each call waits for the fetch', WAIT_MS, () => fetches.listenerCount('requestQueueEmpty') >= CALLS);
  process.exit(0);
}

void main();
