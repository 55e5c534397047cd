/** Shards are fixed at the first start: a market's is kept on its row. */
export const SHARDS = 16;

/** By the last character of the id, which is random: markets spread evenly. */
export function shardOf(marketId: string): number {
  return '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(marketId.at(-1) ?? '0') % SHARDS;
}
