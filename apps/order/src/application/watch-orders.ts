import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { UserFeed, type Watching } from '@libs/redis/user-feed';
import { type OrderView, ReadOrders } from './read-orders';
import type { OrderChange } from './tell-users';

export interface OrderListener {
  changed(userId: string, view: OrderView): void;
  readAgain(userIds: readonly string[]): void;
}

/** Orders as they change, each as its user sees it. */
@Injectable()
export class WatchOrders {
  constructor(
    private readonly feed: UserFeed<OrderChange>,
    private readonly reads: ReadOrders,
    private readonly log: Log,
  ) {}

  execute(listener: OrderListener): Watching {
    return this.feed.subscribe({
      changed: (changes) => changes.forEach((change) => void this.pass(change, listener)),
      readAgain: (userIds) => listener.readAgain(userIds),
    });
  }

  private async pass({ userId, orderId }: OrderChange, listener: OrderListener): Promise<void> {
    try {
      listener.changed(userId, await this.reads.one({ id: userId, roles: [] }, orderId));
    } catch (error) {
      this.log.warn({ error, order_id: orderId }, 'an order that has changed could not be read');
      listener.readAgain([userId]);
    }
  }
}
