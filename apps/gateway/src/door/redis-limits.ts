import { Injectable } from '@nestjs/common';
import { RedisConnection } from '@libs/redis/redis-connection';
import { RedisScript } from '@libs/redis/redis-script';
import { type Allowance, allowanceOf, type Limit, type LimitName, Limits } from './limits';
import { MemoryLimits } from './memory-limits';

/** One call for all buckets that are wanted in a tick. Redis's own clock is the only one, so that gateways need not agree on the time. */
const TAKE = new RedisScript(`
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local answers = {}
for i, key in ipairs(KEYS) do
  local quota, windowMs, burst = tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3])
  local held = redis.call('HMGET', key, 't', 'at')
  local tokens, at = tonumber(held[1]) or burst, tonumber(held[2]) or ms
  tokens = math.min(burst, tokens + math.max(0, ms - at) * quota / windowMs)
  local allowed = 0
  if tokens >= 1 then allowed = 1 tokens = tokens - 1 end
  redis.call('HSET', key, 't', tostring(tokens), 'at', ms)
  redis.call('PEXPIRE', key, math.ceil(burst * windowMs / quota) + 1000)
  answers[i * 2 - 1] = allowed
  answers[i * 2] = tostring(tokens)
end
return answers`);

const TICK_MAX = 500;

interface Wanted {
  readonly name: LimitName;
  readonly limit: Limit;
  readonly caller: string;
  readonly answer: (allowance: Allowance) => void;
}

@Injectable()
export class RedisLimits extends Limits {
  private wanted: Wanted[] = [];

  constructor(
    private readonly redis: RedisConnection,
    private readonly local: MemoryLimits,
  ) {
    super();
  }

  override take(name: LimitName, limit: Limit, caller: string): Promise<Allowance> {
    return new Promise((answer) => {
      if (this.wanted.push({ name, limit, caller, answer }) === 1) setImmediate(() => void this.ask());
      else if (this.wanted.length >= TICK_MAX) void this.ask();
    });
  }

  /** Without Redis this process counts alone: a limit never fails open. */
  private async ask(): Promise<void> {
    const wanted = this.wanted;
    if (wanted.length === 0) return;
    this.wanted = [];
    const answers = await this.eval(wanted).catch(() => undefined);
    wanted.forEach(({ name, limit, caller, answer }, i) => {
      if (!answers) return answer(this.local.take(name, limit, caller));
      answer(allowanceOf(Number(answers[i * 2]) === 1, Number(answers[i * 2 + 1]), limit));
    });
  }

  private async eval(wanted: readonly Wanted[]): Promise<readonly unknown[]> {
    const client = this.redis.client;
    if (!client) throw new Error('no Redis');
    const keys = wanted.map(({ name, caller }) => `limit:${name}:${caller}`);
    const parameters = wanted.flatMap(({ limit }) => [limit.quota, limit.windowS * 1_000, limit.burst]);
    const answers = await TAKE.run(client, keys, parameters);
    if (!Array.isArray(answers)) throw new Error('the limit script answered no list');
    return answers;
  }
}
