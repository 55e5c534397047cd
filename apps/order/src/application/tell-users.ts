import { Injectable } from '@nestjs/common';
import { UserFeed } from '@libs/redis/user-feed';
import { type ChangedOrder, Orders } from './ports';

/** That an order has changed. Whoever tells its user reads it, so that it is told as it is. */
export interface OrderChange {
  readonly userId: string;
  readonly orderId: string;
}

/** Tells buyers and sellers who watch that their order has changed. */
@Injectable()
export class TellUsers {
  constructor(
    orders: Orders,
    private readonly feed: UserFeed<OrderChange>,
  ) {
    orders.onCommitted((changed) => this.tell(changed));
  }

  private tell(changed: readonly ChangedOrder[]): void {
    const changes = changed
      .flatMap(({ orderId, buyerId, sellerId }) => [{ userId: buyerId, orderId }, { userId: sellerId, orderId }])
      .filter(({ userId }) => this.feed.isWatched(userId));
    if (changes.length > 0) this.feed.publish(changes);
  }
}
