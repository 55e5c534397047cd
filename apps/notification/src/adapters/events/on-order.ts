import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { type Delivery, OnEvent } from '@libs/events/on-event';
import { invariant } from '@libs/kernel/invariant';
import type { Transaction } from '@libs/postgres/transaction';
import { PlanMessage } from '../../application/plan-message';
import { Known, type Plan } from '../../application/ports';
import { isoOf, sourceOf } from './fields';

/** The story of an order, told to its two sides. */
@Injectable()
export class OnOrder {
  constructor(
    private readonly known: Known,
    private readonly planning: PlanMessage,
  ) {}

  /** The buyer is told by the charge, which names the total, and the seller by the label. */
  @OnEvent('order.created')
  async created(tx: Transaction, { orderId, matchId, buyerId, sellerId }: EventOf<'order.created'>): Promise<void> {
    await this.known.order(tx, { id: orderId, matchId, buyerId, sellerId });
  }

  @OnEvent('order.label_ready')
  async labelReady(tx: Transaction, { orderId, sellerId, tracking, leg, shipBy }: EventOf<'order.label_ready'>, delivery: Delivery): Promise<void> {
    if (leg !== 'inbound') return;
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'label_ready', userId: sellerId, facts: { tracking, until: isoOf(shipBy) }, orderId });
  }

  @OnEvent('order.shipped')
  async shipped(tx: Transaction, { orderId, buyerId, sellerId, leg, tracking }: EventOf<'order.shipped'>, delivery: Delivery): Promise<void> {
    const plan = { source: sourceOf(delivery), facts: { tracking }, orderId };
    if (leg === 'inbound') return this.planning.execute(tx, { ...plan, kind: 'shipped_in', userId: buyerId });
    if (leg === 'return') return this.planning.execute(tx, { ...plan, kind: 'shipped_back', userId: sellerId });
    await this.tellBoth(tx, plan, [{ kind: 'shipped_out', userId: buyerId }, { kind: 'shipped_out_seller', userId: sellerId }]);
  }

  @OnEvent('order.received')
  async received(tx: Transaction, { orderId, receivedAt }: EventOf<'order.received'>, delivery: Delivery): Promise<void> {
    const parties = await this.known.partiesOf(tx, orderId);
    invariant(parties, `order ${orderId} was received before it was created`);
    const plan = { source: sourceOf(delivery), facts: { at: isoOf(receivedAt) }, orderId };
    await this.tellBoth(tx, plan, [{ kind: 'arrived', userId: parties.buyerId }, { kind: 'arrived', userId: parties.sellerId }]);
  }

  @OnEvent('order.authenticated')
  async authenticated(tx: Transaction, { orderId, buyerId, sellerId, result, reasons }: EventOf<'order.authenticated'>, delivery: Delivery): Promise<void> {
    const [buyer, seller] = result === 'pass' ? (['passed_buyer', 'passed_seller'] as const) : (['failed_buyer', 'failed_seller'] as const);
    await this.tellBoth(tx, { source: sourceOf(delivery), facts: { reasons }, orderId }, [{ kind: buyer, userId: buyerId }, { kind: seller, userId: sellerId }]);
  }

  @OnEvent('order.delivered')
  async delivered(tx: Transaction, { orderId, buyerId, sellerId, deliveredAt }: EventOf<'order.delivered'>, delivery: Delivery): Promise<void> {
    const plan = { source: sourceOf(delivery), facts: { at: isoOf(deliveredAt) }, orderId };
    await this.tellBoth(tx, plan, [{ kind: 'delivered_buyer', userId: buyerId }, { kind: 'delivered_seller', userId: sellerId }]);
  }

  /** Each side once: whose quote lives on hears of it by the bust. */
  @OnEvent('order.cancelled')
  async cancelled(tx: Transaction, { orderId, matchId, buyerId, sellerId, reason, wasPaid }: EventOf<'order.cancelled'>, delivery: Delivery): Promise<void> {
    await this.known.order(tx, { id: orderId, matchId, buyerId, sellerId });
    const plan = { source: sourceOf(delivery), facts: { reason, isPaid: wasPaid }, orderId };
    if (reason !== 'reserve_failed') await this.planning.execute(tx, { ...plan, kind: 'cancelled_buyer', userId: buyerId });
    if (reason !== 'payment_failed') await this.planning.execute(tx, { ...plan, kind: 'cancelled_seller', userId: sellerId });
  }

  private async tellBoth(tx: Transaction, plan: Omit<Plan, 'kind' | 'userId'>, both: readonly Pick<Plan, 'kind' | 'userId'>[]): Promise<void> {
    for (const one of both) await this.planning.execute(tx, { ...plan, ...one });
  }
}
