import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { illegalTransition, notYours, orderNotFound, reasonMissing } from '../domain/errors';
import type { Order } from '../domain/order';
import { Advance } from './advance';
import { type Caller, viewerOf } from './caller';
import { Orders } from './ports';

export interface Cancel {
  readonly orderId: string;
  readonly reason: string;
  readonly doNotRelist: boolean;
}

/** The seller's way out before shipping, or an admin's with a reason. All sales are binding for buyers. */
@Injectable()
export class CancelOrder {
  constructor(
    private readonly orders: Orders,
    private readonly advance: Advance,
    private readonly transactions: Transactions,
  ) {}

  async execute(caller: Caller, cancel: Cancel): Promise<Order> {
    const order = await this.transactions.run((tx) => this.cancel(tx, caller, cancel));
    failpoint('order.afterCommit');
    return order;
  }

  private async cancel(tx: Transaction, caller: Caller, { orderId, reason, doNotRelist }: Cancel): Promise<Order> {
    const order = await this.orders.lock(tx, orderId);
    const actor = order && viewerOf(order, caller);
    if (!actor) throw orderNotFound(orderId);
    if (actor === 'buyer') throw notYours('order_cancelled');
    if (actor === 'admin' && reason === '') throw reasonMissing();

    const event = actor === 'admin' ? 'admin_cancelled' : 'seller_cancelled';
    const { outcome, order: cancelled } = await this.advance.execute(tx, orderId, { event, actor, actorId: caller.id, reason });
    if (outcome === 'refused' || outcome === 'late') throw illegalTransition(order.status, event);
    if (outcome === 'applied' && doNotRelist) await this.orders.patch(tx, orderId, { doNotRelist });
    return cancelled;
  }
}
