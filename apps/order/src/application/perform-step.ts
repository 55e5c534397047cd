import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { invariant } from '@libs/kernel/invariant';
import { type Effect, isEnd, strikes } from '../domain/lifecycle';
import type { Order } from '../domain/order';
import { type Answer, done } from './answer';
import { PerformLabelStep } from './perform-label-step';
import { PerformPaymentStep } from './perform-payment-step';
import { Neighbours } from './ports';

/** Asks another service for one effect. May run any number of times: every call carries the order's own key. */
@Injectable()
export class PerformStep {
  constructor(
    private readonly neighbours: Neighbours,
    private readonly payments: PerformPaymentStep,
    private readonly labels: PerformLabelStep,
  ) {}

  execute(kind: Effect, order: Order): Promise<Answer> {
    return this.performers[kind](order);
  }

  private readonly performers: Record<Effect, (order: Order) => Promise<Answer>> = {
    reserve_stock: (order) => this.reserve(order),
    release_stock: (order) => this.neighbours.releaseStock(order).then(done),
    bust_match: (order) => this.neighbours.bustMatch(order.matchId, order.cancelReason ?? 'inspection_failed', order.doNotRelist).then(done),
    record_strike: (order) => this.strike(order),
    charge: (order) => this.payments.charge(order),
    cancel_payment: (order) => this.payments.cancel(order),
    refund: (order) => this.payments.refund(order, false),
    refund_from_platform: (order) => this.payments.refund(order, true),
    payout: (order) => this.payments.payOut(order),
    inbound_label: (order) => this.labels.execute(order, 'inbound'),
    outbound_label: (order) => this.labels.execute(order, 'outbound'),
    return_label: (order) => this.labels.execute(order, 'return'),
  };

  private async reserve(order: Order): Promise<Answer> {
    if (isEnd(order.status)) return { is: 'void' };
    try {
      await this.neighbours.reserveStock(order);
      return { is: 'done', happening: { event: 'stock_reserved', actor: 'system' } };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { is: 'done', happening: { event: 'reserve_refused', actor: 'system', reason: error.message } };
    }
  }

  private async strike(order: Order): Promise<Answer> {
    const strike = order.cancelReason && strikes[order.cancelReason];
    invariant(strike, `nobody is to blame for order ${order.id}`);
    const userId = strike.who === 'buyer' ? order.buyerId : order.sellerId;
    await this.neighbours.recordStrike(userId, order.id, strike.kind);
    return done();
  }
}

/** A "no" that stays one, however often it is asked again. */
function isRefusal(error: unknown): error is AppError {
  return error instanceof AppError && ['conflict', 'rejected', 'not_found'].includes(error.kind);
}
