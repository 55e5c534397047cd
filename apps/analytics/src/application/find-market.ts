import { Injectable } from '@nestjs/common';
import { marketNotFound } from '../domain/errors';
import { Catalogue, type KnownMarket, Owners } from './ports';

/** A market that was made a moment ago counts, though its event is still on the way: then its owner is asked. */
@Injectable()
export class FindMarket {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly owners: Owners,
  ) {}

  async execute(id: string): Promise<KnownMarket> {
    const market = (await this.all([id])).get(id);
    if (!market) throw marketNotFound(id);
    return market;
  }

  /** Those that there are. */
  async all(ids: readonly string[]): Promise<ReadonlyMap<string, KnownMarket>> {
    const known = await this.catalogue.knows(ids);
    const others = [...new Set(ids)].filter((id) => !known.has(id));
    const made = others.length > 0 ? await this.owners.markets(others) : [];
    return new Map([...known, ...made.map((market) => [market.id, market] as const)]);
  }
}
