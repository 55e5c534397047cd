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
  private readonly asking = new Map<string, Promise<StoredMarket | undefined>>();

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
    const known = this.known.get(marketId);
    if (known) return known;
    if ((this.unknownUntil.get(marketId) ?? 0) > this.wallClock.now().getTime()) return undefined;
    const running = this.asking.get(marketId) ?? this.ask(marketId).finally(() => this.asking.delete(marketId));
    this.asking.set(marketId, running);
    return running;
  }

  private async ask(marketId: string): Promise<StoredMarket | undefined> {
    const stored = await this.refresh(marketId);
    if (stored) return stored;
    const terms = await this.owners.market(marketId);
    if (terms) {
      await this.store.adopt([terms]);
      return this.refresh(marketId);
    }
    if (this.unknownUntil.size >= NOES_MAX) this.unknownUntil.clear();
    this.unknownUntil.set(marketId, this.wallClock.now().getTime() + NO_REMEMBERED_MS);
    return undefined;
  }
}
