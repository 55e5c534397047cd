import { Injectable } from '@nestjs/common';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { Facts } from '../../application/ports';

/** The order is paid: only now its price is a sale. */
@Injectable()
export class OnOrderCreated {
  constructor(private readonly facts: Facts) {}

  @OnEvent('order.created')
  async paid(tx: Transaction, { matchId, marketId, price, paidAt }: EventOf<'order.created'>): Promise<void> {
    invariant(paidAt, 'order.created without the instant of its payment');
    await this.facts.sold(tx, [{ matchId, marketId, price: moneyFromMessage(price).minor, at: timestampDate(paidAt) }]);
  }
}
