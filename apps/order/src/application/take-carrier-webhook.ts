import { Injectable } from '@nestjs/common';
import { CarrierWebhooks } from './ports';
import { RecordScans } from './record-scans';

/** A carrier's webhook: believed when signed, recorded once, answered only after that. */
@Injectable()
export class TakeCarrierWebhook {
  constructor(
    private readonly webhooks: CarrierWebhooks,
    private readonly scans: RecordScans,
  ) {}

  async execute(body: Uint8Array, signature: string): Promise<void> {
    const event = await this.webhooks.read(body, signature);
    if (event) await this.scans.told(event);
  }
}
