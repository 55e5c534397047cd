import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import type { CallUser } from '@libs/rpc/call-context';
import { Rpc } from '@libs/rpc/rpc';
import { FeedDelay } from './feed-delay';
import type { Watcher } from './market-hub';
import { UserChannel } from './user-channel';
import { ordersOf, quotesOf } from './user-source';

export const userChannels = ['user:quotes', 'user:orders'] as const;
export type UserChannelName = (typeof userChannels)[number];

const TEND_EVERY_MS = 200;

/** A user's own quotes and orders: a snapshot, then each that has changed, as bidding and order push it. */
@Injectable()
export class UserHub implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly channels: Readonly<Record<UserChannelName, UserChannel>>;
  private readonly tending: Loop;

  constructor(rpc: Rpc, log: Log, delay: FeedDelay) {
    const quotesWritten = (committedAtMs: number) => delay.written('user:quotes', committedAtMs);
    this.channels = { 'user:quotes': new UserChannel('user:quotes', quotesOf(rpc), log, quotesWritten), 'user:orders': new UserChannel('user:orders', ordersOf(rpc), log) };
    this.tending = new Loop({ name: 'user-channels', everyMs: TEND_EVERY_MS, log }, async () => this.each((channel) => channel.tend()));
  }

  onApplicationBootstrap(): void {
    this.tending.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.tending.stop();
    this.each((channel) => channel.close());
  }

  watch(channel: UserChannelName, user: CallUser, watcher: Watcher): Promise<void> {
    return this.channels[channel].watch(user, watcher);
  }

  unwatch(channel: UserChannelName, user: CallUser, watcher: Watcher): void {
    this.channels[channel].unwatch(user.id, watcher);
  }

  private each(act: (channel: UserChannel) => void): void {
    for (const name of userChannels) act(this.channels[name]);
  }
}
