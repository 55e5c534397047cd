import type { FeedListener, OfUser } from '../user-feed';

/** Who of this process watches whom. */
export class Watchers<C extends OfUser> {
  private readonly listeners = new Map<string, Set<FeedListener<C>>>();

  has(userId: string): boolean {
    return this.listeners.has(userId);
  }

  userIds(): string[] {
    return [...this.listeners.keys()];
  }

  add(listener: FeedListener<C>, userIds: readonly string[]): void {
    for (const userId of userIds) {
      const known = this.listeners.get(userId);
      if (known) known.add(listener);
      else this.listeners.set(userId, new Set([listener]));
    }
  }

  /** Answers whom nobody watches any more. */
  remove(listener: FeedListener<C>, userIds: readonly string[]): string[] {
    return userIds.filter((userId) => {
      const known = this.listeners.get(userId);
      if (!known?.delete(listener) || known.size > 0) return false;
      return this.listeners.delete(userId);
    });
  }

  changed(changes: readonly C[]): void {
    for (const [listener, theirs] of this.byListener(changes, ({ userId }) => userId)) listener.changed(theirs);
  }

  readAgain(userIds: readonly string[]): void {
    for (const [listener, theirs] of this.byListener(userIds, (userId) => userId)) listener.readAgain(theirs);
  }

  private byListener<T>(items: readonly T[], userOf: (item: T) => string): Map<FeedListener<C>, T[]> {
    const found = new Map<FeedListener<C>, T[]>();
    for (const item of items) {
      for (const listener of this.listeners.get(userOf(item)) ?? []) {
        const theirs = found.get(listener);
        if (theirs) theirs.push(item);
        else found.set(listener, [item]);
      }
    }
    return found;
  }
}
