import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import type { Transaction } from '@libs/postgres/transaction';
import { isPaymentNews, isPayoutNews, type Order } from '../domain/order';
import { Advance } from './advance';
import type { Answer } from './answer';
import { type OrderPatch, Orders } from './ports';
import { RecordLabel } from './record-label';

/** What the order learns from an answer; returns it as it was when that came, under its lock. */
@Injectable()
export class RecordAnswer {
  constructor(
    private readonly orders: Orders,
    private readonly advance: Advance,
    private readonly labels: RecordLabel,
  ) {}

  async execute(tx: Transaction, orderId: string, { patch, happening, label }: Answer): Promise<Order> {
    const order = happening ? (await this.advance.execute(tx, orderId, happening)).order : await this.orders.lock(tx, orderId);
    invariant(order, `order ${orderId} is gone`);
    if (patch) await this.orders.patch(tx, orderId, newsOf(order, patch));
    if (label) await this.labels.execute(tx, order, label);
    return order;
  }
}

/** A look from before may arrive after the event that concluded what it looked at. */
function newsOf({ paymentStatus, payoutStatus }: Order, patch: OrderPatch): OrderPatch {
  return {
    ...patch,
    paymentStatus: patch.paymentStatus && isPaymentNews(paymentStatus, patch.paymentStatus) ? patch.paymentStatus : undefined,
    payoutStatus: patch.payoutStatus && isPayoutNews(payoutStatus, patch.payoutStatus) ? patch.payoutStatus : undefined,
  };
}
