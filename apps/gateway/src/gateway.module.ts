import { Module } from '@nestjs/common';
import { defineService } from '@libs/chassis/service';
import { Topology } from '@libs/chassis/topology';
import { InvariantViolation } from '@libs/kernel/invariant';
import { RedisConnection } from '@libs/redis/redis-connection';
import { AccessTokens } from './door/access-tokens';
import { Door } from './door/door';
import { DoorAdapter } from './door/fastify-adapter';
import { Guard } from './door/guard';
import { Hashing } from './door/hashing';
import { Internals } from './door/internals';
import { Limits } from './door/limits';
import { MemoryLimits } from './door/memory-limits';
import { RedisLimits } from './door/redis-limits';
import { Revocations } from './door/revocations';
import { Sessions } from './door/sessions';
import { GatewayConfig } from './gateway.config';
import { PublicApi, PublicRoutes, Surroundings } from './public-api';
import { FeedDelay } from './realtime/feed-delay';
import { MarketHub } from './realtime/market-hub';
import { SocketRules } from './realtime/socket-rules';
import { SocketMetrics } from './realtime/socket-metrics';
import { Sockets } from './realtime/sockets';
import { Tickets } from './realtime/tickets';
import { UserHub } from './realtime/user-hub';
import { TradeStream } from './trade/trade-stream';

const limits = {
  provide: Limits,
  inject: [RedisConnection, MemoryLimits, Topology],
  // The only gateway of its exchange counts alone, and its requests wait for nobody.
  useFactory: (redis: RedisConnection, memory: MemoryLimits, { isOneProcess }: Topology): Limits => (redis.client && !isOneProcess ? new RedisLimits(redis, memory) : memory),
};

@Module({ providers: [AccessTokens, Revocations, Sessions, MemoryLimits, limits, Guard, Internals, Hashing, Door, TradeStream, Tickets, FeedDelay, MarketHub, UserHub, SocketRules, Sockets, SocketMetrics, Surroundings, PublicRoutes, PublicApi] })
export class GatewayModule {
  static readonly service = defineService({
    name: 'gateway',
    config: GatewayConfig,
    serves: [],
    http: {
      port: 8080,
      adapter: () => new DoorAdapter(),
      async prepare(app) {
        const adapter = app.getHttpAdapter();
        if (!(adapter instanceof DoorAdapter)) throw new InvariantViolation('the gateway runs on its own adapter');
        await app.get(PublicApi).open(adapter);
      },
    },
  });
}
