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
    const market = (await this.catalogue.market(id)) ?? (await this.owners.market(id));
    if (!market) throw marketNotFound(id);
    return market;
  }
}
