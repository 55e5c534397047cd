import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { type Allowance, allowanceOf, type Limit, type LimitName, Limits, refill } from './limits';

const BUCKETS_MAX = 100_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

@Injectable()
export class MemoryLimits extends Limits {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly clock: WallClock) {
    super();
  }

  override take(name: LimitName, limit: Limit, caller: string): Allowance {
    const key = `${name} ${caller}`;
    const nowMs = this.clock.now().getTime();
    const bucket = this.buckets.get(key) ?? this.open(key, limit.burst, nowMs);
    const tokens = refill(bucket.tokens, nowMs - bucket.atMs, limit);
    const allowed = tokens >= 1;
    bucket.tokens = allowed ? tokens - 1 : tokens;
    bucket.atMs = nowMs;
    return allowanceOf(allowed, bucket.tokens, limit);
  }

  /** The oldest bucket gives way: whoever makes that many callers up is limited by address anyhow. */
  private open(key: string, tokens: number, atMs: number): Bucket {
    if (this.buckets.size >= BUCKETS_MAX) for (const oldest of this.buckets.keys()) {
      this.buckets.delete(oldest);
      break;
    }
    const bucket = { tokens, atMs };
    this.buckets.set(key, bucket);
    return bucket;
  }
}
