import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { invariant } from '@libs/kernel/invariant';
import type { Transaction } from '@libs/postgres/transaction';
import { labelStatuses } from '../domain/lifecycle';
import type { Order } from '../domain/order';
import { Advance } from './advance';
import { announceLabel } from './announce';
import type { Answer } from './answer';
import { Orders, Shipments } from './ports';
import { RecordScans } from './record-scans';

/** What the order learns from an answer. */
@Injectable()
export class RecordAnswer {
  constructor(
    private readonly orders: Orders,
    private readonly advance: Advance,
    private readonly shipments: Shipments,
    private readonly scans: RecordScans,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async execute(tx: Transaction, orderId: string, { patch, happening, label }: Answer): Promise<void> {
    const order = await this.orders.lock(tx, orderId);
    invariant(order, `order ${orderId} is gone`);
    if (happening) await this.advance.execute(tx, orderId, happening);
    // A look at the charge from before may arrive after the event that concluded it.
    const isStale = patch?.paymentStatus !== undefined && patch.paymentStatus !== 'refunded' && order.status !== 'pending';
    if (patch) await this.orders.patch(tx, orderId, isStale ? { ...patch, paymentStatus: undefined } : patch);
    if (label) await this.recordLabel(tx, order, label);
  }

  private async recordLabel(tx: Transaction, order: Order, label: NonNullable<Answer['label']>): Promise<void> {
    const isOurs = await this.shipments.add(tx, label, this.clock.now());
    invariant(isOurs, `the carrier gave ${label.tracking} to two parcels`);
    // A label that came too late for the order is only kept: nobody should use it.
    if (order.status !== labelStatuses[label.leg]) return;
    await this.orders.patch(tx, order.id, { tracking: { [label.leg]: label.tracking } });
    announceLabel(this.outbox, tx, order, label);
    await this.scans.catchUp(tx, label.tracking);
  }
}
