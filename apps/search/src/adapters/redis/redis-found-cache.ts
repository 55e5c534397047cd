import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { FOUND_FOR_MS } from '../../application/limits';
import { FoundCache } from '../../application/ports';

/** One for all processes. A Redis that does not answer remembers nothing, and hinders nobody. */
export class RedisFoundCache extends FoundCache {
  constructor(private readonly redis: Redis) {
    super();
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.redis.get(placeOf(key)).catch(() => null)) ?? undefined;
  }

  async put(key: string, value: string): Promise<void> {
    await this.redis.set(placeOf(key), value, 'PX', FOUND_FOR_MS).catch(() => undefined);
  }
}

function placeOf(key: string): string {
  return `search:${createHash('sha256').update(key).digest('base64url')}`;
}
