import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import type { Transaction } from '@libs/postgres/transaction';
import { losses } from '../domain/lifecycle';
import { eventsOfScan, furthest, type Scan } from '../domain/parcel';
import { Advance } from './advance';
import { announceShipped } from './announce';
import { Orders, Shipments } from './ports';
import { TellOperator } from './tell-operator';

/** One sighting of a parcel; answers false when the parcel is not ours, or not yet. */
@Injectable()
export class ApplyScan {
  constructor(
    private readonly orders: Orders,
    private readonly shipments: Shipments,
    private readonly advance: Advance,
    private readonly operator: TellOperator,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async execute(tx: Transaction, scan: Scan): Promise<boolean> {
    const known = await this.shipments.find(tx, scan.tracking);
    // A number that was typed for this order, and is that of another one's label, which is not recorded yet.
    if (known && scan.orderId !== undefined && scan.orderId !== known.orderId) return false;
    const order = known && (await this.orders.lock(tx, known.orderId));
    // Again, under the order's lock: two scans of one parcel may come at once.
    const shipment = order && (await this.shipments.find(tx, scan.tracking));
    if (!order || !shipment) return false;

    const state = furthest(shipment.state, scan.kind);
    await this.shipments.update(tx, scan.tracking, state, scan);
    if (shipment.leg === 'return' && shipment.state === 'created' && state !== 'lost') announceShipped(this.outbox, tx, order, 'return');
    // The carrier's clock may be ahead of ours; it must not make a parcel late.
    const at = new Date(Math.min(scan.at.getTime(), this.clock.now().getTime()));
    let { status } = order;
    for (const event of eventsOfScan(shipment.leg, scan.kind, status)) {
      const advanced = await this.advance.execute(tx, order.id, { event, actor: 'carrier', at, reason: `Scan: ${scan.kind}` });
      status = advanced.order.status;
    }
    if (state === 'lost' && shipment.state !== 'lost') await this.operator.lost(tx, order.id, shipment.leg, losses[status]?.leg === shipment.leg);
    if (state === 'delivered' && shipment.state === 'lost') await this.operator.found(tx, order.id, shipment.leg);
    return true;
  }
}
