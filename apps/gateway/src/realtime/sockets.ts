import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { AppError } from '@libs/kernel/app-error';
import type { CallUser } from '@libs/rpc/call-context';
import { type WebSocket, WebSocketServer } from 'ws';
import { HttpRefusal, problemOf } from '../door/problem';
import { addressOf } from '../door/request';
import { Revocations } from '../door/revocations';
import { SocketRules } from './socket-rules';
import { closeCodes, Connection, type Room, type Tally } from './connection';
import { MarketHub } from './market-hub';
import { Tickets } from './tickets';
import { UserHub } from './user-hub';

const PATH = '/v1/ws';
const PAYLOAD_BYTES_MAX = 4 * 1024;
const LOOK_EVERY_MS = 5_000;
const LOOKS_PER_PING = 4;
const IDLE_MS_MAX = 10_000;

const tooManySockets = () => new AppError('rate_limited', 'gateway.too_many_sockets', 'You have enough sockets open.');

/** Live updates on `/v1/ws`: who may connect, for how long, and what ends it. */
@Injectable()
export class Sockets implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: PAYLOAD_BYTES_MAX, perMessageDeflate: false, clientTracking: false });
  private readonly connections = new Map<Connection, string>();
  private readonly room: Room;
  readonly tally: Tally = { sent: new Map(), slow: 0 };
  private readonly loop: Loop;
  private looks = 0;

  constructor(
    private readonly rules: SocketRules,
    markets: MarketHub,
    users: UserHub,
    tickets: Tickets,
    private readonly revocations: Revocations,
    log: Log,
  ) {
    this.room = { markets, users, redeem: (ticket) => this.live(tickets.redeem(ticket)), admit: (connection, user) => this.admit(connection, user), nowMs: () => rules.nowMs(), tally: this.tally };
    this.loop = new Loop({ name: 'sockets', everyMs: LOOK_EVERY_MS, log }, async () => this.lookAfter());
    revocations.onRevoked((sessionId) => this.endSession(sessionId));
  }

  get size(): number {
    return this.connections.size;
  }

  /** Subscriptions, by kind of channel. */
  watched(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const kind of [...this.connections.keys()].flatMap((connection) => connection.kinds)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts;
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
    for (const connection of this.connections.keys()) {
      connection.send({ t: 'bye', reconnectAfterMs: 1_000 });
      connection.close(closeCodes.restart, 'the gateway stops');
      // The server waits for its connections, and nobody must answer a farewell.
      setImmediate(() => connection.cut());
    }
    this.server.close();
  }

  listen(http: Server): void {
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const refusal = this.refusalOf(request);
      if (refusal) return refuse(socket, refusal);
      this.server.handleUpgrade(request, socket, head, (opened) => this.open(opened, this.rules.addressOf(request)));
    });
  }

  private refusalOf(request: IncomingMessage): Error | undefined {
    if (request.url?.split('?', 1)[0] !== PATH) return new HttpRefusal(404, 'gateway.not_found', 'There is no such route.');
    if (!this.rules.allowsOrigin(request.headers.origin)) return new AppError('forbidden', 'gateway.origin_refused', 'This origin may not connect.');
    const address = addressOf(this.rules.addressOf(request));
    const open = [...this.connections.values()].filter((other) => other === address).length;
    return open >= this.rules.perAddress ? tooManySockets() : undefined;
  }

  private open(socket: WebSocket, ip: string): void {
    const connection = new Connection(socket, this.room, this.rules.nowMs());
    this.connections.set(connection, addressOf(ip));
    socket.on('message', (data, isBinary) => connection.receive(isBinary ? '' : data.toString()));
    socket.on('pong', () => {
      connection.isAlive = true;
    });
    // A frame that is too large or no frame at all: ws closes the socket itself.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.connections.delete(connection);
      connection.forget();
    });
  }

  /** A session may have ended since its ticket was given. */
  private live(user: CallUser | undefined): CallUser | undefined {
    return user && !this.revocations.isRevoked(user.sessionId) ? user : undefined;
  }

  private admit(connection: Connection, { id }: CallUser): void {
    const own = [...this.connections.keys()].filter((other) => other !== connection && other.user?.id === id).length;
    if (own >= this.rules.perUser) throw tooManySockets();
  }

  private endSession(sessionId: string): void {
    for (const connection of this.connections.keys()) if (connection.user?.sessionId === sessionId) connection.close(closeCodes.sessionEnded, 'the session has ended');
  }

  private lookAfter(): void {
    this.looks += 1;
    const nowMs = this.rules.nowMs();
    for (const connection of this.connections.keys()) {
      if (connection.isIdle && nowMs - connection.openedAtMs > IDLE_MS_MAX) connection.close(closeCodes.idle, 'nothing subscribed');
      else if (this.looks % LOOKS_PER_PING === 0) connection.ping();
    }
  }
}

/** Before it is a WebSocket it is HTTP, and is answered so. */
function refuse(socket: Duplex, refusal: Error): void {
  const problem = problemOf(refusal, { traceId: '', instance: PATH });
  const body = JSON.stringify(problem);
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}
