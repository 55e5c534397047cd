import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { Transactions } from '@libs/postgres/transaction';
import { cursorInvalid, parcelNotFound, textMissing } from '../domain/errors';
import { type StrayParcel, StrayParcels } from './ports';

export interface StrayQuery {
  readonly includeResolved: boolean;
  readonly limit: number;
  readonly cursor: string;
}

/** An admin's list of parcels without an order, newest first, and what became of each. */
@Injectable()
export class TendStrayParcels {
  constructor(
    private readonly strays: StrayParcels,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  async read(query: StrayQuery): Promise<{ parcels: StrayParcel[]; nextCursor: string }> {
    if (query.cursor !== '' && !uuidOf('par', query.cursor)) throw cursorInvalid();
    const limit = pageSize(query.limit);
    const found = await this.strays.page({ includeResolved: query.includeResolved, limit: limit + 1, before: query.cursor || undefined });
    const parcels = found.slice(0, limit);
    return { parcels, nextCursor: found.length > limit ? (parcels.at(-1)?.id ?? '') : '' };
  }

  /** What was resolved stays as it was resolved first. */
  async resolve(adminId: string, id: string, resolution: string): Promise<StrayParcel> {
    if (resolution === '') throw textMissing('resolution');
    return this.transactions.run(async (tx) => {
      await this.strays.resolve(tx, id, resolution, { userId: adminId, at: this.clock.now() });
      const parcel = await this.strays.find(tx, id);
      if (!parcel) throw parcelNotFound(id);
      return parcel;
    });
  }
}
