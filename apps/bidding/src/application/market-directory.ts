import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { FactOwners, MarketStore, type StoredMarket } from './ports';

const NO_REMEMBERED_MS = 2_000;
const NOES_MAX = 10_000;

/** Every market there is, whoever owns its shard: its terms and its last sale, for readers. */
@Injectable()
export class MarketDirectory {
  private readonly known = new Map<string, StoredMarket>();
  private readonly unknownUntil = new Map<string, number>();

  constructor(
    private readonly store: MarketStore,
    private readonly owners: FactOwners,
    private readonly wallClock: WallClock,
  ) {}

  async load(): Promise<void> {
    for (const market of await this.store.markets()) this.known.set(market.terms.id, market);
  }

  get(marketId: string): StoredMarket | undefined {
    return this.known.get(marketId);
  }

  async refresh(marketId: string): Promise<StoredMarket | undefined> {
    const market = await this.store.market(marketId);
    if (market) this.known.set(marketId, market);
    return market;
  }

  /** For a market that was made a moment ago: the database is read, then product is asked. A "no" is remembered. */
  async find(marketId: string): Promise<StoredMarket | undefined> {
    const known = this.known.get(marketId) ?? (await this.refresh(marketId));
    if (known) return known;
    const now = this.wallClock.now().getTime();
    if ((this.unknownUntil.get(marketId) ?? 0) > now) return undefined;
    if (this.unknownUntil.size >= NOES_MAX) this.unknownUntil.clear();
    this.unknownUntil.set(marketId, now + NO_REMEMBERED_MS);
    const terms = await this.owners.market(marketId);
    if (!terms) return undefined;
    await this.store.adopt([terms]);
    return this.refresh(marketId);
  }
}
