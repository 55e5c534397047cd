import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { invariant } from '@libs/kernel/invariant';
import type { Transaction } from '@libs/postgres/transaction';
import { labelStatuses } from '../domain/lifecycle';
import type { Order } from '../domain/order';
import { announceLabel } from './announce';
import type { Answer } from './answer';
import { Deadlines } from './deadlines';
import { Orders, Shipments } from './ports';
import { RecordScans } from './record-scans';

/** A label that the carrier gave. The seller's time to ship begins when there is one. */
@Injectable()
export class RecordLabel {
  constructor(
    private readonly orders: Orders,
    private readonly shipments: Shipments,
    private readonly scans: RecordScans,
    private readonly deadlines: Deadlines,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async execute(tx: Transaction, order: Order, label: NonNullable<Answer['label']>): Promise<void> {
    const now = this.clock.now();
    const isOurs = await this.shipments.add(tx, label, now);
    invariant(isOurs, `the carrier gave ${label.tracking} to two parcels`);
    // A label that came too late for the order is only kept: nobody should use it.
    if (order.status !== labelStatuses[label.leg]) return;
    // A process that slept in the midst of the step brings what its successor has recorded: nobody is told twice, or given more time.
    if (order.tracking[label.leg] === label.tracking) return;
    const shipBy = label.leg === 'inbound' ? await this.deadlines.shipBy(tx, now) : order.shipBy;
    if (label.leg === 'inbound') await this.deadlines.start(tx, order.id, 'ship_by', now);
    await this.orders.patch(tx, order.id, { tracking: { [label.leg]: label.tracking }, shipBy });
    announceLabel(this.outbox, tx, { ...order, shipBy: latest(order.shipBy, shipBy) }, label);
    await this.scans.catchUp(tx, label.tracking);
  }
}

function latest(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b ? (a > b ? a : b) : (a ?? b);
}
