import { BiddingService, type Quote, type WatchUserQuotesResponse } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { type Order, OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import type { CallUser } from '@libs/rpc/call-context';
import type { Rpc } from '@libs/rpc/rpc';
import { map, type Observable } from 'rxjs';
import { safe } from '../rest/json';
import { orderJson } from '../rest/orders';
import { quoteJson } from '../rest/quotes';
import type { UserItem } from './user-picture';

/** The latest of each kind: what is older changes no more, or is read over REST. */
const READ_MAX = 100;

/** Whom a stream is to tell of. */
export interface Wanted {
  readonly watch?: string[];
  readonly unwatch?: string[];
}

export interface Told {
  readonly changes: readonly { readonly userId: string; readonly item: UserItem }[];
  /** When the oldest of the changes was committed, where the service says so: real time, Unix milliseconds. */
  readonly committedAtMs?: number;
  /** Users of whom what was read before now may be old. */
  readonly readAgain: readonly string[];
}

/** A service that pushes what its users own, and is read for what was there before. */
export interface UserSource {
  open(wanted: Observable<Wanted>): Observable<Told>;
  read(user: CallUser): Promise<UserItem[]>;
}

export function quotesOf(rpc: Rpc): UserSource {
  const bidding = rpc.client(BiddingService);
  return {
    open: (wanted) => bidding.watchUserQuotes(wanted).pipe(map(quotesTold)),
    async read(user) {
      const [{ bids }, { asks }] = await Promise.all([bidding.getMyBids({ limit: READ_MAX }, { user }), bidding.getMyAsks({ limit: READ_MAX }, { user })]);
      return [...bids, ...asks].map(quoteItem);
    },
  };
}

export function ordersOf(rpc: Rpc): UserSource {
  const orders = rpc.client(OrderService);
  return {
    open: (wanted) => orders.watchUserOrders(wanted).pipe(map((told) => ({ changes: told.orders.map(({ userId, order }) => ({ userId, item: orderItem(order) })), readAgain: told.readAgain }))),
    async read(user) {
      // An admin's own orders, not everybody's.
      const own = { ...user, roles: user.roles.filter((role) => role !== 'admin') };
      const { orders: found } = await orders.getOrders({ limit: READ_MAX }, { user: own });
      return found.map(orderItem);
    },
  };
}

function quotesTold({ quotes, readAgain, committedAtMs }: WatchUserQuotesResponse): Told {
  return { changes: quotes.map((quote) => ({ userId: quote.userId, item: quoteItem(quote) })), readAgain, committedAtMs: safe(committedAtMs) };
}

function quoteItem(quote: Quote): UserItem {
  const shown = { side: quote.side, ...quoteJson(quote) };
  return { version: safe(quote.seq), shown };
}

function orderItem(order: Order | undefined): UserItem {
  return { version: safe(order?.revision ?? 0n), shown: orderJson(order) };
}
