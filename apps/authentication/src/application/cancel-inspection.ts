import { Injectable } from '@nestjs/common';
import type { Transaction } from '@libs/postgres/transaction';
import { KeepStray } from './keep-stray';
import { Inspections } from './ports';

/** The order is off. A pair that lies at the floor by then belongs to nobody's order any more. */
@Injectable()
export class CancelInspection {
  constructor(
    private readonly inspections: Inspections,
    private readonly strays: KeepStray,
  ) {}

  async execute(tx: Transaction, orderId: string): Promise<void> {
    const inspection = await this.inspections.lockOfOrder(tx, orderId);
    if (!inspection || inspection.state === 'completed' || inspection.state === 'cancelled') return;
    await this.inspections.cancel(tx, inspection.id);
    if (inspection.state === 'awaiting_parcel') return;
    const note = 'The order was cancelled when the pair had already arrived.';
    await this.strays.execute(tx, { tracking: '', orderId, note });
  }
}
