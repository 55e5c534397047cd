import type { Server } from 'node:http';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { WallClock } from '@libs/kernel/clock';
import { Rpc } from '@libs/rpc/rpc';
import { AccessTokens } from './door/access-tokens';
import { Door } from './door/door';
import type { DoorAdapter } from './door/fastify-adapter';
import { Guard } from './door/guard';
import { Hashing } from './door/hashing';
import { Internals } from './door/internals';
import { addressOf } from './door/request';
import type { Route } from './door/route';
import { GatewayConfig } from './gateway.config';
import { Sockets } from './realtime/sockets';
import { Tickets } from './realtime/tickets';
import { routesOver } from './rest/routes';
import { present } from './rest/json';
import { TradeStream } from './trade/trade-stream';

/** What only some routes need. */
@Injectable()
export class Surroundings {
  constructor(
    readonly config: GatewayConfig,
    readonly internals: Internals,
    readonly hashing: Hashing,
    readonly clock: WallClock,
    readonly log: Log,
  ) {}
}

/** What the routes stand on, each from its provider. */
@Injectable()
export class PublicRoutes {
  readonly all: readonly Route[];

  constructor(rpc: Rpc, guard: Guard, tokens: AccessTokens, trade: TradeStream, tickets: Tickets, surroundings: Surroundings) {
    const { config, internals, hashing, clock, log } = surroundings;
    const { SANDBOX_URL } = config.values;
    this.all = routesOver({
      rpc,
      sendTrade: (command, { user, traceparent }) => trade.send(command, present(user), traceparent),
      // An e-mail address is counted whatever its case, or the limit would be one for each spelling.
      countLogin: async (account, ip, headers) => guard.spend('login', `${account.toLowerCase()} ${addressOf(ip)}`, headers),
      countMail: async (account, ip, headers) => guard.spend('mail', `${account.toLowerCase()} ${addressOf(ip)}`, headers),
      hashing: (send) => hashing.call(send),
      publicKeys: () => tokens.publicKeys(),
      issueTicket: (user) => tickets.issue(user),
      internals,
      ...(SANDBOX_URL && { testClock: { sandboxUrl: SANDBOX_URL.replace(/\/$/, ''), internals, wall: clock, log } }),
    });
  }
}

const DRAIN_LOOK_EVERY_MS = 20;

/** Everything that the public reaches: the routes and the sockets, on one server. */
@Injectable()
export class PublicApi implements BeforeApplicationShutdown, OnApplicationShutdown {
  private server: Server | undefined;
  /** A connection that has had its last answer is idle, not closed, and the server would wait for it. */
  private readonly draining: Loop;

  constructor(
    private readonly routes: PublicRoutes,
    private readonly door: Door,
    private readonly sockets: Sockets,
    private readonly config: GatewayConfig,
    log: Log,
  ) {
    this.draining = new Loop({ name: 'drain', everyMs: DRAIN_LOOK_EVERY_MS, log }, async () => this.server?.closeIdleConnections());
  }

  async open(adapter: DoorAdapter): Promise<void> {
    for (const proxy of this.config.values.TRUSTED_PROXIES) adapter.proxies.add(proxy);
    await this.door.open(adapter.fastify, this.routes.all);
    this.server = adapter.fastify.server;
    this.sockets.listen(this.server);
  }

  beforeApplicationShutdown(): void {
    this.draining.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.draining.stop();
  }
}
