import type { MessageInitShape } from '@bufbuild/protobuf';
import type { WatchUserOrdersRequest, WatchUserOrdersResponseSchema } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { Observable } from 'rxjs';
import type { WatchOrders } from '../../application/watch-orders';
import { orderMessage } from './messages';

/** The changes of those whom the gateway names, for as long as it does. */
export function watchUserOrders(requests: Observable<WatchUserOrdersRequest>, orders: WatchOrders): Observable<MessageInitShape<typeof WatchUserOrdersResponseSchema>> {
  return new Observable((subscriber) => {
    const watching = orders.execute({
      changed: (userId, view) => subscriber.next({ orders: [{ userId, order: orderMessage(view) }] }),
      readAgain: (userIds) => subscriber.next({ readAgain: [...userIds] }),
    });
    const next = ({ watch, unwatch }: WatchUserOrdersRequest) => {
      watching.unwatch(unwatch);
      watching.watch(watch);
    };
    subscriber.add(requests.subscribe({ next, complete: () => subscriber.complete(), error: (error) => subscriber.error(error) }));
    return () => watching.end();
  });
}
