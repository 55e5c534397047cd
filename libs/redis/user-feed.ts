/** Something that is one user's own. In another process it arrives as JSON. */
export interface OfUser {
  readonly userId: string;
}

export interface FeedListener<C extends OfUser> {
  changed(changes: readonly C[]): void;
  /** Changes of these users are heard from here on, or may have gone unheard: what was read of them before may be old. */
  readAgain(userIds: readonly string[]): void;
}

/** What one listener wants to hear. */
export interface Watching {
  watch(userIds: readonly string[]): void;
  unwatch(userIds: readonly string[]): void;
  end(): void;
}

/** A user's own changes, to the gateways that watch this user, once they are committed. Whoever publishes knows who is watched, so that the others cost nothing. */
export abstract class UserFeed<C extends OfUser> {
  abstract isWatched(userId: string): boolean;
  /** Those of users whom nobody watches go nowhere. */
  abstract publish(changes: readonly C[]): void;
  /** A change may have been committed without being published: everybody reads again. */
  abstract doubt(): void;
  abstract subscribe(listener: FeedListener<C>): Watching;
}
