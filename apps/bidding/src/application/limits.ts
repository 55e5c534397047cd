/** Per user, counted in the writer's memory: with several owners each enforces it for its own shards. */
export abstract class Limits {
  abstract readonly maxOpenQuotes: number;
  /** What a user's open bids may come to, in minor units of each currency. */
  abstract readonly maxOpenExposure: number;
}
