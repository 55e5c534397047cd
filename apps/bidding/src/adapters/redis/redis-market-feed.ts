import type { Redis } from 'ioredis';
import type { Log } from '@libs/chassis/log';
import type { RedisConnection } from '@libs/redis/redis-connection';
import { MarketFeed, type MarketListener, type MarketUpdate } from '../../application/market-feed';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { type Subscription, timer } from 'rxjs';

const CHANNEL = 'bidding:markets';
const DOUBT_AGAIN_MS = 1_000;

type Sent = Omit<MarketUpdate, 'bidChanges' | 'askChanges'> & { readonly bidChanges: [number, number][]; readonly askChanges: [number, number][] };

/** No update at all says that some may have been lost; a process of an older version passes it over. */
const LOST: readonly Sent[] = [];

/**
 * For gateways whose bidding process is another one than the writer's: Redis pub/sub, which keeps nothing for those whom it does not reach. Whoever
 * could not speak says so as soon as Redis listens again, and whoever could not hear begins anew.
 */
export class RedisMarketFeed extends MarketFeed implements BeforeApplicationShutdown {
  private readonly listeners = new Set<MarketListener>();
  private subscription: Redis | undefined;
  private doubting: Subscription | undefined;
  private isStopped = false;

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
    this.send(updates.map((update) => ({ ...update, bidChanges: [...update.bidChanges], askChanges: [...update.askChanges] })));
  }

  doubt(): void {
    this.send(LOST);
  }

  subscribe(listener: MarketListener): () => void {
    this.listeners.add(listener);
    this.subscription ??= this.listenToRedis();
    return () => void this.listeners.delete(listener);
  }

  beforeApplicationShutdown(): void {
    this.isStopped = true;
    this.doubting?.unsubscribe();
    this.subscription?.disconnect();
  }

  private send(sent: readonly Sent[]): void {
    const { client } = this.redis;
    if (client?.status !== 'ready') return this.doubtLater();
    client.publish(CHANNEL, JSON.stringify(sent)).catch((error: unknown) => {
      this.log.warn({ error }, 'market updates were not published; who watches reads again');
      this.doubtLater();
    });
  }

  /** Until Redis takes it. */
  private doubtLater(): void {
    if (this.isStopped) return;
    this.doubting ??= timer(DOUBT_AGAIN_MS).subscribe(() => {
      this.doubting = undefined;
      this.doubt();
    });
  }

  private listenToRedis(): Redis | undefined {
    const connection = this.redis.duplicate();
    connection?.on('error', () => undefined); // The first connection reports that Redis is away; this one comes back by itself.
    connection?.on('message', (_channel: string, text: string) => this.hear(JSON.parse(text) as Sent[])); // Written by `send` alone.
    connection?.on('ready', () => {
      // What was told until now went unheard, the first time too: who watches has begun to read before.
      connection.subscribe(CHANNEL).then(() => this.missed(), (error: unknown) => {
        if (this.isStopped) return;
        this.log.warn({ error }, 'market updates cannot be heard');
        connection.disconnect(true); // It connects again, and is ready then.
      });
    });
    return connection;
  }

  private hear(sent: readonly Sent[]): void {
    if (sent.length === 0) return this.missed();
    const updates = sent.map((update) => ({ ...update, bidChanges: new Map(update.bidChanges), askChanges: new Map(update.askChanges) }));
    for (const listener of this.listeners) listener.changed(updates);
  }

  private missed(): void {
    for (const listener of [...this.listeners]) listener.missed();
  }
}
