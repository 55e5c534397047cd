import { Injectable } from '@nestjs/common';
import { currentTraceparent, traceIdOf } from '@libs/chassis/trace';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { Ids } from '@libs/kernel/ids';
import { invariant } from '@libs/kernel/invariant';
import type { Transaction } from '@libs/postgres/transaction';
import { opening } from '../domain/lifecycle';
import type { Order, Purchase } from '../domain/order';
import { Orders, Steps } from './ports';

/** One order for each match, however often it is asked for. It only opens: what follows are the steps of the saga. */
@Injectable()
export class OpenOrder {
  constructor(
    private readonly orders: Orders,
    private readonly steps: Steps,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute(tx: Transaction, purchase: Purchase): Promise<string> {
    const now = this.clock.now();
    const order: Order = {
      ...purchase,
      id: this.ids.next('ord'),
      status: opening.to,
      paymentStatus: 'none',
      payoutStatus: 'none',
      doNotRelist: false,
      buyerLines: [],
      sellerLines: [],
      tracking: {},
      createdAt: now,
      updatedAt: now,
      version: 1,
      revision: 1,
    };
    const traceId = traceIdOf(currentTraceparent()) ?? '';
    const isNew = await this.orders.insert(tx, order, { version: 1, event: 'match_created', from: '', to: opening.to, actor: 'system', reason: '', at: now, traceId });
    if (!isNew) {
      const known = await this.orders.idOfMatch(tx, purchase.matchId);
      invariant(known, `match ${purchase.matchId} has an order that cannot be found`);
      return known;
    }
    failpoint('order.afterState');
    await this.steps.add(tx, order.id, opening.then);
    return order.id;
  }
}
