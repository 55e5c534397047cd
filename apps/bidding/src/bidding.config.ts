import { configOf } from '@libs/chassis/config';
import { z } from 'zod';

export class BiddingConfig extends configOf(
  z.object({
    /** The writer's own session is not one of the pool's. */
    BIDDING_DATABASE_URL: z.string(),
    /** Open quotes that one user may have at one time, in the shards of one owner. */
    MAX_OPEN_QUOTES: z.coerce.number().int().min(1).max(1_000_000).default(500),
    /** What the open bids of one user may come to, in minor units of each currency, in the shards of one owner. */
    MAX_OPEN_EXPOSURE_MINOR: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).default(1_000_000_000),
  }),
) {
  /** For commands that run without the chassis. */
  static ofProcess(): BiddingConfig {
    return new BiddingConfig(process.env);
  }
}
