import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import type { Transaction } from '@libs/postgres/transaction';
import { type StrayParcel, StrayParcels } from './ports';

/** Puts a parcel without a live order into the list that an admin sees. */
@Injectable()
export class KeepStray {
  constructor(
    private readonly strays: StrayParcels,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  execute(tx: Transaction, parcel: { tracking: string; orderId: string; note: string }): Promise<StrayParcel> {
    return this.strays.open(tx, { ...parcel, id: this.ids.next('par'), receivedAt: this.clock.now() });
  }
}
