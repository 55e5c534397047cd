import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

type Argument = string | number | Buffer;

/** A Lua script, sent by its hash; its text goes along only to a server that does not know it. */
export class RedisScript {
  readonly sha: string;

  constructor(private readonly text: string) {
    this.sha = createHash('sha1').update(text).digest('hex');
  }

  static fromFile(path: string): RedisScript {
    return new RedisScript(readFileSync(path, 'utf8'));
  }

  async run(client: Redis, keys: readonly string[], values: readonly Argument[]): Promise<unknown> {
    try {
      return await client.evalsha(this.sha, keys.length, ...keys, ...values);
    } catch (error) {
      // Nothing of it has run.
      if (!isUnknownScript(error)) throw error;
      return client.eval(this.text, keys.length, ...keys, ...values);
    }
  }

  /** Makes the server know it, for callers that pipeline by hash. */
  async load(client: Redis): Promise<void> {
    await client.script('LOAD', this.text);
  }
}

/** After a restart or a flush a server has forgotten all scripts. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
