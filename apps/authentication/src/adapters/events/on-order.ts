import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import type { Transaction } from '@libs/postgres/transaction';
import { CancelInspection } from '../../application/cancel-inspection';
import { OpenInspection } from '../../application/open-inspection';
import { Parcels } from '../../application/ports';

@Injectable()
export class OnOrder {
  constructor(
    private readonly opening: OpenInspection,
    private readonly cancelling: CancelInspection,
    private readonly parcels: Parcels,
  ) {}

  @OnEvent('order.created')
  async created(tx: Transaction, { orderId, productId, size, buyerId, sellerId }: EventOf<'order.created'>): Promise<void> {
    await this.opening.open(tx, { orderId, productId, size, buyerId, sellerId });
  }

  @OnEvent('order.label_ready')
  async labelReady(tx: Transaction, { orderId, tracking, leg }: EventOf<'order.label_ready'>): Promise<void> {
    if (leg === 'inbound') await this.parcels.noteLabel(tx, tracking, orderId);
  }

  /** The seller may have sent the pair another way than with our label. */
  @OnEvent('order.shipped')
  async shipped(tx: Transaction, { orderId, tracking, leg }: EventOf<'order.shipped'>): Promise<void> {
    if (leg === 'inbound' && tracking !== '') await this.parcels.note(tx, tracking, orderId);
  }

  @OnEvent('order.cancelled')
  async cancelled(tx: Transaction, { orderId }: EventOf<'order.cancelled'>): Promise<void> {
    await this.cancelling.execute(tx, orderId);
  }
}
