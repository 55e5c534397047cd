import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
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
    private readonly log: Log,
  ) {}

  async execute(): Promise<void> {
    for (;;) {
      const unchecked = await this.shipments.takeUnchecked(UNSEEN_MS, BATCH_MAX);
      for (const tracking of unchecked) {
        // One parcel that cannot be asked for does not keep the others from being seen.
        await this.look(tracking).catch((error: unknown) => this.log.warn({ tracking, error }, 'a parcel could not be asked for'));
      }
      if (unchecked.length < BATCH_MAX) return;
    }
  }

  private async look(tracking: string): Promise<void> {
    await this.scans.seen(await this.carrier.scans(tracking));
  }
}
