import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Metrics } from '@libs/chassis/metrics';
import type { Actor, OrderEvent } from '../domain/lifecycle';
import type { Order } from '../domain/order';

const DAY_S = 86_400;
const DURATION_BUCKETS_S = [0.1, 0.5, 1, 5, 30, 300, 3_600, DAY_S, 3 * DAY_S, 7 * DAY_S, 14 * DAY_S];

/** What an operator sees of what happens to orders: how long they stood where, what turned back, and what was asked in vain. */
@Injectable()
export class OrderTelemetry {
  constructor(
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  advanced(before: Order, order: Order, event: OrderEvent): void {
    const seconds = (order.updatedAt.getTime() - before.updatedAt.getTime()) / 1_000;
    this.metrics
      .histogram('order_processing_duration_seconds', 'Business time that orders spent in a status, by where they went.', ['from', 'to'], DURATION_BUCKETS_S)
      .observe({ from: before.status, to: order.status }, Math.max(0, seconds));
    if (order.status !== before.status && (order.status === 'cancelled' || order.status === 'auth_failed')) {
      this.metrics.counter('compensations_total', 'Sagas that turned back, by why.', ['saga', 'reason']).inc({ saga: 'order', reason: order.cancelReason ?? event });
    }
    if (event === 'ship_by_passed') this.metrics.counter('ship_window_breaches_total', 'Sellers who did not ship in time.').inc();
  }

  /** What services tell twice or too late is in the nature of events; only what a person asked is worth a line. */
  notAdvanced({ id, status }: Order, { event, actor, actorId }: { readonly event: OrderEvent; readonly actor: Actor; readonly actorId?: string }): void {
    if (actorId) this.log.info({ order_id: id, status, event, actor, user_id: actorId }, 'somebody asked for a step that the order\'s table does not have');
  }
}
