import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import type { Transaction } from '@libs/postgres/transaction';
import { Advance, type Happening } from './advance';

/** What the inspection floor announces. */
@Injectable()
export class RecordInspection {
  constructor(
    private readonly advance: Advance,
    private readonly log: Log,
  ) {}

  async received(tx: Transaction, orderId: string, at: Date): Promise<void> {
    // A pair at the floor was shipped, even if the carrier has not told so.
    await this.advance.execute(tx, orderId, { event: 'seller_shipped', actor: 'carrier', at, reason: 'The pair is at the inspection floor.' });
    await this.apply(tx, orderId, { event: 'warehouse_received', actor: 'authenticator', at });
  }

  async completed(tx: Transaction, orderId: string, verdict: { isPass: boolean; reasons: readonly string[] }): Promise<void> {
    const event = verdict.isPass ? 'inspection_passed' : 'inspection_failed';
    await this.apply(tx, orderId, { event, actor: 'authenticator', reason: verdict.reasons.join(', '), reasons: verdict.reasons });
  }

  private async apply(tx: Transaction, orderId: string, happening: Happening): Promise<void> {
    const { outcome, order } = await this.advance.execute(tx, orderId, happening);
    // The order ended a moment before: the floor hears of that, and takes the pair as a stray.
    if (outcome === 'refused' || outcome === 'late') this.log.warn({ order_id: orderId, status: order.status, event: happening.event }, 'the inspection floor told what the order cannot take');
  }
}
