import { Injectable } from '@nestjs/common';
import { labelStatuses } from '../domain/lifecycle';
import type { Leg, Order } from '../domain/order';
import type { Answer } from './answer';
import { FreeNumber } from './free-number';
import { Carrier, Neighbours } from './ports';

/** Buys a label. The addresses are fetched for the moment, and kept by nobody but the carrier. */
@Injectable()
export class PerformLabelStep {
  constructor(
    private readonly neighbours: Neighbours,
    private readonly carrier: Carrier,
    private readonly numbers: FreeNumber,
  ) {}

  async execute(order: Order, leg: Leg): Promise<Answer> {
    // Somebody was faster with a parcel of their own, or the sale is off.
    if (order.status !== labelStatuses[leg]) return { is: 'void' };
    const { warehouse } = this.carrier;
    const party = await this.neighbours.addressOf(leg === 'outbound' ? order.buyerAddressVersionId : order.sellerAddressVersionId);
    const [from, to] = leg === 'inbound' ? [party, warehouse] : [warehouse, party];
    const { tracking, carrier, labelUrl } = await this.carrier.createLabel(`${order.id}:${leg}`, { reference: order.id, leg, from, to });
    const label = { tracking, orderId: order.id, leg, carrier, labelUrl };
    await this.numbers.execute(label);
    return { is: 'done', label };
  }
}
