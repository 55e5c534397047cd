import { Injectable } from '@nestjs/common';
import { Carrier, Shipments } from './ports';
import { RecordScans } from './record-scans';

const UNSEEN_MS = 900_000;
const BATCH_MAX = 20;

/** Asks the carrier for parcels that it has not told of for a while: its webhooks may be lost. */
@Injectable()
export class PollParcels {
  constructor(
    private readonly shipments: Shipments,
    private readonly carrier: Carrier,
    private readonly scans: RecordScans,
  ) {}

  async execute(): Promise<void> {
    for (const tracking of await this.shipments.takeUnchecked(UNSEEN_MS, BATCH_MAX)) {
      await this.scans.seen(await this.carrier.scans(tracking));
    }
  }
}
