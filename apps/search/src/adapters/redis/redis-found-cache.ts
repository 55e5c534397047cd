import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { FOUND_FOR_MS } from '../../application/limits';
import { FoundCache } from '../../application/ports';

/** One for all processes. A Redis that is away or does not answer remembers nothing, and keeps nobody from being answered. */
export class RedisFoundCache extends FoundCache {
  constructor(private readonly redis: Redis) {
    super();
  }

  async get(key: string): Promise<string | undefined> {
    if (this.redis.status !== 'ready') return undefined; // A command would wait for the connection.
    return (await this.redis.get(placeOf(key)).catch(() => null)) ?? undefined;
  }

  /** Nobody waits for it: who is answered has what they asked for. */
  async put(key: string, value: string): Promise<void> {
    if (this.redis.status !== 'ready') return;
    void this.redis.set(placeOf(key), value, 'PX', FOUND_FOR_MS).catch(() => undefined);
  }
}

function placeOf(key: string): string {
  return `search:${createHash('sha256').update(key).digest('base64url')}`;
}
