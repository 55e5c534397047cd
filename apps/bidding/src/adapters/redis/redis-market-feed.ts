import type { Redis } from 'ioredis';
import type { Log } from '@libs/chassis/log';
import type { RedisConnection } from '@libs/redis/redis-connection';
import { MarketFeed, type MarketUpdate } from '../../application/market-feed';
import type { BeforeApplicationShutdown } from '@nestjs/common';

const CHANNEL = 'bidding:markets';

type Sent = Omit<MarketUpdate, 'bidChanges' | 'askChanges'> & { readonly bidChanges: [number, number][]; readonly askChanges: [number, number][] };

/** For gateways whose bidding process is another one than the writer's: Redis pub/sub. */
export class RedisMarketFeed extends MarketFeed implements BeforeApplicationShutdown {
  private readonly listeners = new Set<(updates: readonly MarketUpdate[]) => void>();
  private subscription: Redis | undefined;

  constructor(
    private readonly redis: RedisConnection,
    private readonly log: Log,
  ) {
    super();
  }

  /** Who listens in other processes is not known here. */
  get isHeard(): boolean {
    return true;
  }

  publish(updates: readonly MarketUpdate[]): void {
    const client = this.redis.client;
    if (client?.status !== 'ready') return; // Watchers see a gap in `seq`, and read again.
    const sent = updates.map((update) => ({ ...update, bidChanges: [...update.bidChanges], askChanges: [...update.askChanges] }));
    client.publish(CHANNEL, JSON.stringify(sent)).catch((error: unknown) => this.log.warn({ error }, 'market updates were not published'));
  }

  subscribe(listener: (updates: readonly MarketUpdate[]) => void): () => void {
    this.listeners.add(listener);
    this.subscription ??= this.listenToRedis();
    return () => void this.listeners.delete(listener);
  }

  beforeApplicationShutdown(): void {
    this.subscription?.disconnect();
  }

  private listenToRedis(): Redis | undefined {
    const connection = this.redis.duplicate();
    if (!connection) return undefined;
    connection.on('error', () => undefined); // The first connection reports that Redis is away; this one comes back by itself.
    connection.on('message', (_channel: string, text: string) => {
      const sent = JSON.parse(text) as Sent[]; // Written by `publish` alone.
      const updates = sent.map((update) => ({ ...update, bidChanges: new Map(update.bidChanges), askChanges: new Map(update.askChanges) }));
      for (const listener of this.listeners) listener(updates);
    });
    connection.subscribe(CHANNEL).catch((error: unknown) => this.log.warn({ error }, 'market updates cannot be heard'));
    return connection;
  }
}
