import { Injectable } from '@nestjs/common';
import { timestampDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { OpenOrder } from '../../application/open-order';

/** Opens the order, and nothing more: a hot market must not wait for a charge. */
@Injectable()
export class OnMatchCreated {
  constructor(private readonly orders: OpenOrder) {}

  @OnEvent('match.created')
  async open(tx: Transaction, event: EventOf<'match.created'>): Promise<void> {
    failpoint('order.afterInbox');
    const { matchId, marketId, productId, size, bidId, askId, buyerId, sellerId, paymentMethodId, buyerAddressVersionId, sellerAddressVersionId } = event;
    await this.orders.execute(tx, {
      matchId, marketId, productId, size, bidId, askId, buyerId, sellerId, paymentMethodId, buyerAddressVersionId, sellerAddressVersionId,
      price: moneyFromMessage(event.price),
      matchedAt: dateOf(event.matchedAt),
      bidAcceptedAt: dateOf(event.bidAcceptedAt),
      askAcceptedAt: dateOf(event.askAcceptedAt),
    });
  }
}

function dateOf(at: Timestamp | undefined): Date {
  invariant(at, 'an instant is missing');
  return timestampDate(at);
}
