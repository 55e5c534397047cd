import { Redis } from 'ioredis';

export interface RedisLog {
  warn(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
}

const COMMAND_MS_MAX = 2_000;
const RECONNECT_MS_MAX = 1_000;
/** The client waits as long for the end of a connection that it closes, also of one that is gone already: a process that stops waits with it. */
const DISCONNECT_MS_MAX = 100;

/** The process's Redis, if it has one. Whatever is kept there can be thrown away: PostgreSQL is the truth. */
export class RedisConnection {
  private constructor(readonly client: Redis | undefined) {}

  /** For a process without Redis: each port then takes its in-process form. */
  static none(): RedisConnection {
    return new RedisConnection(undefined);
  }

  /** Throws when there is nobody at that address. */
  static async open(url: string, log: RedisLog): Promise<RedisConnection> {
    let wasOpen = false;
    const client = new Redis(url, {
      lazyConnect: true,
      // A command whose answer was lost may have run: to send it again is its author's decision.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 1,
      enableReadyCheck: true,
      connectTimeout: COMMAND_MS_MAX,
      commandTimeout: COMMAND_MS_MAX,
      disconnectTimeout: DISCONNECT_MS_MAX,
      retryStrategy: (tries) => (wasOpen ? Math.min(50 * 2 ** Math.min(tries, 10), RECONNECT_MS_MAX) : null),
    });
    let isLost = false;
    client.on('error', (error: Error) => {
      if (!isLost) log.warn({ error: error.message }, 'redis is out of reach');
      isLost = true;
    });
    client.on('ready', () => {
      if (isLost) log.info({}, 'redis is back');
      isLost = false;
    });
    try {
      await client.connect();
      await client.ping();
      wasOpen = true;
    } catch (error) {
      client.disconnect();
      throw new Error(`no redis answers at ${new URL(url).host}: ${(error as Error).message}`);
    }
    return new RedisConnection(client);
  }

  /** A second connection, for subscriptions and blocking commands, which would hold up the first. */
  duplicate(): Redis | undefined {
    return this.client?.duplicate({ lazyConnect: false });
  }

  async close(): Promise<void> {
    if (this.client?.status === 'ready') await this.client.quit().catch(() => undefined);
    this.client?.disconnect();
  }
}
