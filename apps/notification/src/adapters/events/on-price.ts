import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { type Delivery, OnEvent } from '@libs/events/on-event';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { PlanMessage } from '../../application/plan-message';
import { sourceOf } from './fields';

/** A price has fallen for those who watch it. */
@Injectable()
export class OnPrice {
  constructor(private readonly planning: PlanMessage) {}

  @OnEvent('price.dropped')
  async dropped(tx: Transaction, { marketId, userIds, lowestAsk, before }: EventOf<'price.dropped'>, delivery: Delivery): Promise<void> {
    const facts = { price: moneyFromMessage(lowestAsk), ...(before && { before: moneyFromMessage(before) }) };
    for (const userId of userIds) await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'price_alert', userId, facts, marketId });
  }
}
