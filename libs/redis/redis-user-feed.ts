import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Watchers } from './internal/watchers';
import type { RedisConnection, RedisLog } from './redis-connection';
import { type FeedListener, type OfUser, UserFeed, type Watching } from './user-feed';

const USERS_A_MESSAGE_MAX = 1_000;
const ASK_AGAIN_MS = 1_000;

/** To every process of the service: whose changes are wanted on which channel, or the question for that. */
type Wanted = { readonly ask: true } | { readonly to: string; readonly watch: readonly string[] } | { readonly to: string; readonly unwatch: readonly string[] };
/** To the process that wants them. `heard`: from here on the changes of these users come. */
type Told<C> = { readonly heard: readonly string[] } | { readonly changes: readonly C[] };

/**
 * For gateways whose process of the service is another one than that which changes something: Redis pub/sub. A process that serves gateways tells
 * all others whom they watch, and has a channel of its own; whoever hears it says so there, and from then on sends these users' changes. Whatever was
 * missed, by a process that began or that Redis was out of reach for, comes to one thing: it asks who is watched, is told and says that it heard, and what
 * was read before is read again.
 */
export class RedisUserFeed<C extends OfUser> extends UserFeed<C> {
  private readonly watchers = new Watchers<C>();
  /** The channels on which a user's changes are wanted. */
  private readonly wanted = new Map<string, Set<string>>();
  /** Grows with each list of a channel, so that a late word of its end does not forget what came after. */
  private readonly lists = new Map<string, number>();
  private readonly everybody: string;
  private readonly own: string;
  private readonly subscription: Redis | undefined;
  private asking: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    name: string,
    private readonly redis: RedisConnection,
    private readonly log: RedisLog,
  ) {
    super();
    this.everybody = `${name}:watched`;
    this.own = `${name}:users:${randomUUID()}`;
    this.subscription = this.listenToRedis();
  }

  isWatched(userId: string): boolean {
    return this.wanted.has(userId);
  }

  publish(changes: readonly C[]): void {
    const byChannel = new Map<string, C[]>();
    for (const change of changes) {
      for (const channel of this.wanted.get(change.userId) ?? []) {
        const theirs = byChannel.get(channel);
        if (theirs) theirs.push(change);
        else byChannel.set(channel, [change]);
      }
    }
    for (const [channel, theirs] of byChannel) this.tell(channel, { changes: theirs });
  }

  doubt(): void {
    this.say({ ask: true });
  }

  subscribe(listener: FeedListener<C>): Watching {
    const watched = new Set<string>();
    const unwatch = (userIds: readonly string[]) => {
      for (const userId of userIds) watched.delete(userId);
      const forgotten = this.watchers.remove(listener, userIds);
      for (const some of inMessages(forgotten)) this.say({ to: this.own, unwatch: some });
    };
    return {
      watch: (userIds) => {
        for (const userId of userIds) watched.add(userId);
        this.watchers.add(listener, userIds);
        this.want(userIds);
      },
      unwatch,
      end: () => unwatch([...watched]),
    };
  }

  /** Ends what it has opened, when the service stops. */
  beforeApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.asking);
    this.subscription?.disconnect();
  }

  private listenToRedis(): Redis | undefined {
    const connection = this.redis.duplicate();
    connection?.on('error', () => undefined); // The first connection reports that Redis is away; this one comes back by itself.
    connection?.on('message', (channel: string, text: string) => {
      // Written by `say` and `tell` alone.
      if (channel === this.everybody) this.learn(JSON.parse(text) as Wanted);
      else this.hear(JSON.parse(text) as Told<C>);
    });
    connection?.on('ready', () => {
      connection.subscribe(this.everybody, this.own).then(() => this.doubt(), (error: unknown) => {
        if (this.isStopped) return;
        this.log.warn({ error }, 'changes of users cannot be heard');
        connection.disconnect(true); // It connects again, and is ready then.
      });
    });
    return connection;
  }

  private learn(message: Wanted): void {
    if ('ask' in message) this.want(this.watchers.userIds());
    else if ('watch' in message) {
      this.lists.set(message.to, (this.lists.get(message.to) ?? 0) + 1);
      for (const userId of message.watch) this.wanted.set(userId, (this.wanted.get(userId) ?? new Set()).add(message.to));
      this.tell(message.to, { heard: message.watch });
    } else this.forget(message.to, message.unwatch);
  }

  private hear(message: Told<C>): void {
    if ('heard' in message) this.watchers.readAgain(message.heard);
    else this.watchers.changed(message.changes);
  }

  private want(userIds: readonly string[]): void {
    for (const some of inMessages(userIds)) this.say({ to: this.own, watch: some });
  }

  private forget(channel: string, userIds: Iterable<string>): void {
    for (const userId of userIds) {
      const channels = this.wanted.get(userId);
      if (channels?.delete(channel) && channels.size === 0) this.wanted.delete(userId);
    }
  }

  private say(message: Wanted): void {
    this.send(this.everybody, message, () => undefined);
  }

  /** A channel without a listener has ended with its process; one whose process comes back tells anew whom it wants. */
  private tell(channel: string, message: Told<C>): void {
    const list = this.lists.get(channel);
    this.send(channel, message, (receivers) => {
      if (receivers > 0 || this.lists.get(channel) !== list) return;
      this.lists.delete(channel);
      this.forget(channel, [...this.wanted.keys()]);
    });
  }

  private send(channel: string, message: Wanted | Told<C>, sent: (receivers: number) => void): void {
    const { client } = this.redis;
    if (client?.status !== 'ready') return this.askLater();
    client.publish(channel, JSON.stringify(message)).then(sent, (error: unknown) => {
      this.log.warn({ error }, 'changes of users were not told; who watches reads again');
      this.askLater();
    });
  }

  /** Until Redis takes it. */
  private askLater(): void {
    if (this.isStopped) return;
    this.asking ??= setTimeout(() => {
      this.asking = undefined;
      this.doubt();
    }, ASK_AGAIN_MS).unref();
  }
}

function inMessages(userIds: readonly string[]): string[][] {
  const messages: string[][] = [];
  for (let at = 0; at < userIds.length; at += USERS_A_MESSAGE_MAX) messages.push(userIds.slice(at, at + USERS_A_MESSAGE_MAX));
  return messages;
}
