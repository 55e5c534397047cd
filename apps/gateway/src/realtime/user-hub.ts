import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import type { CallUser } from '@libs/rpc/call-context';
import { Rpc } from '@libs/rpc/rpc';
import { orderJson } from '../rest/orders';
import { quoteJson } from '../rest/quotes';
import type { Watcher } from './market-hub';

export const userChannels = ['user:quotes', 'user:orders'] as const;
export type UserChannel = (typeof userChannels)[number];

const LOOK_EVERY_MS = 500;
/** The latest of each kind: what is older than these changes no more, or is read over REST. */
const ITEMS_MAX = 100;

interface Item {
  readonly id: string;
}

interface Watched {
  readonly user: CallUser;
  readonly channel: UserChannel;
  readonly watchers: Set<Watcher>;
  /** Each item as it was last sent. */
  sent: Map<string, string>;
}

/** A user's own quotes and orders: a snapshot, then each that has changed. Asked for once for all of a user's sockets. */
@Injectable()
export class UserHub implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly watched = new Map<string, Watched>();
  private readonly looking: Loop;

  constructor(
    private readonly rpc: Rpc,
    log: Log,
  ) {
    this.looking = new Loop({ name: 'user-channels', everyMs: LOOK_EVERY_MS, log }, () => this.lookAtAll());
  }

  onApplicationBootstrap(): void {
    this.looking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.looking.stop();
  }

  async watch(channel: UserChannel, user: CallUser, watcher: Watcher): Promise<void> {
    const items = await this.items(channel, user);
    const key = keyOf(channel, user);
    const watched = this.watched.get(key) ?? { user, channel, watchers: new Set<Watcher>(), sent: textsOf(items) };
    this.watched.set(key, watched);
    watcher.send({ ch: channel, t: 'snapshot', d: items });
    watched.watchers.add(watcher);
  }

  unwatch(channel: UserChannel, user: CallUser, watcher: Watcher): void {
    const key = keyOf(channel, user);
    const watched = this.watched.get(key);
    watched?.watchers.delete(watcher);
    if (watched?.watchers.size === 0) this.watched.delete(key);
  }

  private async lookAtAll(): Promise<void> {
    await Promise.all([...this.watched.values()].map((watched) => this.look(watched)));
  }

  private async look(watched: Watched): Promise<void> {
    const items = await this.items(watched.channel, watched.user);
    const texts = textsOf(items);
    const changed = items.filter(({ id }) => watched.sent.get(id) !== texts.get(id));
    watched.sent = texts;
    if (changed.length > 0) for (const watcher of watched.watchers) watcher.send({ ch: watched.channel, t: 'change', d: changed });
  }

  private items(channel: UserChannel, user: CallUser): Promise<readonly Item[]> {
    return channel === 'user:quotes' ? this.quotes(user) : this.orders(user);
  }

  private async quotes(user: CallUser): Promise<readonly Item[]> {
    const bidding = this.rpc.client(BiddingService);
    const [bids, asks] = await Promise.all([
      user.roles.includes('buyer') ? bidding.getMyBids({ limit: ITEMS_MAX }, { user }) : { bids: [] },
      user.roles.includes('seller') ? bidding.getMyAsks({ limit: ITEMS_MAX }, { user }) : { asks: [] },
    ]);
    return [...bids.bids.map((bid) => ({ side: 'bid', ...quoteJson(bid) })), ...asks.asks.map((ask) => ({ side: 'ask', ...quoteJson(ask) }))];
  }

  private async orders(user: CallUser): Promise<readonly Item[]> {
    const { orders } = await this.rpc.client(OrderService).getOrders({ limit: ITEMS_MAX }, { user });
    return orders.map(orderJson);
  }
}

const keyOf = (channel: UserChannel, { id }: CallUser) => `${channel} ${id}`;

function textsOf(items: readonly Item[]): Map<string, string> {
  return new Map(items.map((item) => [item.id, JSON.stringify(item)]));
}
