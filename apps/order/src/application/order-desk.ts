import { Injectable } from '@nestjs/common';
import { ReadOrders } from './read-orders';
import { WatchOrders } from './watch-orders';

/** Orders as users see them: when they ask, and as they change. */
@Injectable()
export class OrderDesk {
  constructor(
    readonly reads: ReadOrders,
    readonly watching: WatchOrders,
  ) {}
}
