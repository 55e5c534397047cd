import { Watchers } from './internal/watchers';
import { type FeedListener, type OfUser, UserFeed, type Watching } from './user-feed';

/** For gateways of this process. */
export class EmbeddedUserFeed<C extends OfUser> extends UserFeed<C> {
  private readonly watchers = new Watchers<C>();

  isWatched(userId: string): boolean {
    return this.watchers.has(userId);
  }

  publish(changes: readonly C[]): void {
    this.watchers.changed(changes);
  }

  doubt(): void {
    this.watchers.readAgain(this.watchers.userIds());
  }

  subscribe(listener: FeedListener<C>): Watching {
    const watched = new Set<string>();
    const unwatch = (userIds: readonly string[]) => {
      this.watchers.remove(listener, userIds);
      for (const userId of userIds) watched.delete(userId);
    };
    return {
      watch: (userIds) => {
        this.watchers.add(listener, userIds);
        for (const userId of userIds) watched.add(userId);
        listener.readAgain(userIds);
      },
      unwatch,
      end: () => unwatch([...watched]),
    };
  }
}
