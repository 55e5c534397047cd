import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { illegalTransition, notYours, nothingToRefund, orderNotFound, reasonMissing } from '../domain/errors';
import { type OrderEvent, refundedBy } from '../domain/lifecycle';
import { Advance } from './advance';
import { type Caller, viewerOf } from './caller';
import { History, Orders } from './ports';
import type { Reported } from './report-event';
import { isReplay, requestKey } from './request-key';

export interface Cancel {
  readonly orderId: string;
  readonly reason: string;
  readonly doNotRelist: boolean;
  readonly idempotencyKey: string;
}

export type Refund = Omit<Cancel, 'doNotRelist'>;

/** The seller's way out before shipping, or an admin's with a reason; and an admin's refund, wherever the table has one. All sales are binding for buyers. */
@Injectable()
export class CancelOrder {
  constructor(
    private readonly orders: Orders,
    private readonly history: History,
    private readonly advance: Advance,
    private readonly transactions: Transactions,
  ) {}

  async execute(caller: Caller, cancel: Cancel): Promise<Reported> {
    const cancelled = await this.transactions.run((tx) => this.cancel(tx, caller, cancel));
    failpoint('order.afterCommit');
    return cancelled;
  }

  /** The buyer gets the money back by the edge that the table has for it where the order is now. */
  async refund(caller: Caller, refund: Refund): Promise<Reported> {
    const refunded = await this.transactions.run((tx) => this.giveBack(tx, caller, refund));
    failpoint('order.afterCommit');
    return refunded;
  }

  private async giveBack(tx: Transaction, caller: Caller, { orderId, reason, idempotencyKey }: Refund): Promise<Reported> {
    const order = await this.orders.lock(tx, orderId);
    const actor = order && viewerOf(order, caller);
    if (!actor) throw orderNotFound(orderId);
    if (actor !== 'admin') throw notYours('refund');
    const request = requestKey(idempotencyKey, ['refund', orderId, reason]);
    if (await isReplay(this.history, tx, caller.id, request)) return { order, isReplay: true };
    if (reason === '') throw reasonMissing();
    const event: OrderEvent | undefined = refundedBy(order.status);
    if (!event) throw nothingToRefund(order.status);
    const { outcome, order: refunded } = await this.advance.execute(tx, orderId, { event, actor, actorId: caller.id, reason, ...(request && { request }) });
    if (outcome !== 'applied') throw illegalTransition(order.status, event);
    return { order: refunded, isReplay: false };
  }

  private async cancel(tx: Transaction, caller: Caller, { orderId, reason, doNotRelist, idempotencyKey }: Cancel): Promise<Reported> {
    const order = await this.orders.lock(tx, orderId);
    const actor = order && viewerOf(order, caller);
    if (!actor) throw orderNotFound(orderId);
    const request = requestKey(idempotencyKey, ['cancel', orderId, reason, doNotRelist]);
    if (await isReplay(this.history, tx, caller.id, request)) return { order, isReplay: true };
    if (actor === 'buyer') throw notYours('order_cancelled');
    if (actor === 'admin' && reason === '') throw reasonMissing();

    const event = actor === 'admin' ? 'admin_cancelled' : 'seller_cancelled';
    const { outcome, order: cancelled } = await this.advance.execute(tx, orderId, { event, actor, actorId: caller.id, reason, ...(request && { request }) });
    if (outcome !== 'applied') throw illegalTransition(order.status, event);
    if (doNotRelist) await this.orders.patch(tx, orderId, { doNotRelist });
    return { order: cancelled, isReplay: false };
  }
}
