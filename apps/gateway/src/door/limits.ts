/** How much a caller may do: `quota` tokens in `windowS`, at most `burst` at once. */
export interface Limit {
  readonly quota: number;
  readonly windowS: number;
  readonly burst: number;
}

export const limitNames = ['anonymous', 'default', 'trading', 'login', 'mail', 'mail_askers', 'webhook', 'health'] as const;
export type LimitName = (typeof limitNames)[number];
export type LimitTable = Readonly<Record<LimitName, Limit>>;

export interface Allowance {
  readonly allowed: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Seconds until a token is there, 0 when there is one. */
  readonly retryAfterS: number;
}

/** Token buckets, by limit and caller. The form in memory counts for this process, the one in Redis for all of them. */
export abstract class Limits {
  /** Takes one token of the bucket (`name`, `caller`) if there is one. */
  abstract take(name: LimitName, limit: Limit, caller: string): Allowance | Promise<Allowance>;
}

/** The arithmetic of a bucket; the Redis script says the same and a contract suite holds the two together. */
export function refill(tokens: number, elapsedMs: number, { quota, windowS, burst }: Limit): number {
  return Math.min(burst, tokens + (Math.max(0, elapsedMs) * quota) / (windowS * 1_000));
}

export function allowanceOf(allowed: boolean, tokens: number, { quota, windowS }: Limit): Allowance {
  const missing = Math.max(0, 1 - tokens);
  return { allowed, remaining: Math.floor(tokens), retryAfterS: Math.ceil((missing * windowS) / quota) };
}
