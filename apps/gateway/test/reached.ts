import type { DescService } from '@bufbuild/protobuf';
import { AnalyticsService } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { CollectionService } from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { BiddingService, type TradeRequest } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { NotificationService } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { OperationsService } from '@libs/contracts/gen/exchange/operations/v1/operations_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { SearchService } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { map, NEVER, type Observable } from 'rxjs';

/** Behind the door stands somebody who refuses everything with a code of its own: whoever meets it has come in. */
export const REACHED = 'test.reached';

function reached<S extends DescService>(service: S): Partial<RpcHandlers<S>> {
  const refuse = async () => {
    throw new AppError('conflict', REACHED, 'You have come in.');
  };
  // Every unary rpc has this one handler.
  const handlers: unknown = Object.fromEntries(service.methods.filter(({ methodKind }) => methodKind === 'unary').map(({ localName }) => [localName, refuse]));
  return handlers as Partial<RpcHandlers<S>>;
}

const refusal = { case: 'refusal' as const, value: { kind: 'conflict', code: REACHED, message: 'You have come in.' } };
const { getKeys: _keys, checkSession: _check, ...user } = reached(UserService);

export const everybodyReached = {
  user,
  product: reached(ProductService),
  bidding: {
    ...reached(BiddingService),
    watchMarkets: () => NEVER,
    trade: (requests: Observable<TradeRequest>) => requests.pipe(map(({ commands }) => ({ answers: commands.map(({ ref }) => ({ ref, outcome: refusal })) }))),
  },
  order: reached(OrderService),
  payment: reached(PaymentService),
  authentication: reached(AuthenticationService),
  notification: reached(NotificationService),
  analytics: reached(AnalyticsService),
  collection: reached(CollectionService),
  operations: () => reached(OperationsService),
  search: reached(SearchService),
};
