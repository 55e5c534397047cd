import type { Log } from '@libs/chassis/log';
import type { CallUser } from '@libs/rpc/call-context';
import { isUnanswered } from '@libs/rpc/rpc';
import { firstValueFrom, race, ReplaySubject, type Subscription, timer } from 'rxjs';
import { RequestLine } from '../trade/request-line';
import type { Watcher } from './market-hub';
import { type UserItem, UserPicture } from './user-picture';
import type { Told, UserSource, Wanted } from './user-source';

/** So long a newcomer waits for the stream to say that it hears; then what is there is shown, and read again when it does. */
const HEARD_MS_MAX = 1_000;
const READS_AT_ONCE_MAX = 20;
const USERS_A_MESSAGE_MAX = 1_000;

interface Watched {
  readonly user: CallUser;
  readonly picture: UserPicture;
  readonly watchers: Set<Watcher>;
  /** Who gets the snapshot when there is one. */
  readonly waiting: Set<Watcher>;
  /** The stream tells this user's changes. */
  readonly heard: ReplaySubject<void>;
  /** A reading has begun: what is told from now on may be missing in it. */
  isRead: boolean;
  isLoaded: boolean;
  loading: Promise<void> | undefined;
  /** It could not be read again, which was told. */
  isUnread: boolean;
}

/** One kind of things that users own. All who watch share one stream; all sockets of a user share one picture. */
export class UserChannel {
  private readonly watched = new Map<string, Watched>();
  /** Their pictures may lack a change. */
  private readonly doubtful = new Set<Watched>();
  private reads = 0;
  private line: RequestLine<Wanted> | undefined;
  private subscription: Subscription | undefined;

  constructor(
    private readonly name: string,
    private readonly source: UserSource,
    private readonly log: Log,
    private readonly written: (committedAtMs: number) => void = () => undefined,
  ) {}

  /** Throws when there is nothing to show yet and the service does not answer. */
  async watch(user: CallUser, watcher: Watcher): Promise<void> {
    const watched = this.watched.get(user.id) ?? this.begin(user);
    watched.waiting.add(watcher);
    try {
      if (!watched.isLoaded) await (watched.loading ??= this.load(watched));
    } catch (error) {
      watched.waiting.delete(watcher);
      this.endUnwatched(watched);
      throw error;
    }
    if (!watched.waiting.delete(watcher)) return; // It has left.
    watcher.send({ ch: this.name, t: 'snapshot', d: watched.picture.shown() });
    watched.watchers.add(watcher);
  }

  unwatch(userId: string, watcher: Watcher): void {
    const watched = this.watched.get(userId);
    if (!watched) return;
    watched.watchers.delete(watcher);
    watched.waiting.delete(watcher);
    this.endUnwatched(watched);
  }

  /** Called again and again: opens a stream that has ended, and tries again to read what could not be read. */
  tend(): void {
    if (!this.line) this.open();
    this.readDoubtful();
  }

  close(): void {
    const { line, subscription } = this;
    [this.line, this.subscription] = [undefined, undefined];
    line?.complete();
    subscription?.unsubscribe();
  }

  private begin(user: CallUser): Watched {
    const watched: Watched = { user, picture: new UserPicture(), watchers: new Set(), waiting: new Set(), heard: new ReplaySubject(1), isRead: false, isLoaded: false, loading: undefined, isUnread: false };
    this.watched.set(user.id, watched);
    this.line?.next({ watch: [user.id] });
    return watched;
  }

  private endUnwatched(watched: Watched): void {
    if (watched.watchers.size > 0 || watched.waiting.size > 0 || this.watched.get(watched.user.id) !== watched) return;
    this.watched.delete(watched.user.id);
    this.doubtful.delete(watched);
    this.line?.next({ unwatch: [watched.user.id] });
  }

  private async load(watched: Watched): Promise<void> {
    try {
      await firstValueFrom(race(watched.heard, timer(HEARD_MS_MAX)));
      watched.isRead = true;
      watched.picture.take(await this.source.read(watched.user));
      watched.isLoaded = true;
    } finally {
      watched.loading = undefined;
    }
    this.readDoubtful();
  }

  private open(): void {
    const line = new RequestLine<Wanted>();
    let wasHeard = false;
    this.line = line;
    const userIds = [...this.watched.keys()];
    for (let at = 0; at < userIds.length; at += USERS_A_MESSAGE_MAX) line.next({ watch: userIds.slice(at, at + USERS_A_MESSAGE_MAX) });
    const next = (told: Told) => {
      wasHeard = true;
      this.take(told);
    };
    const ended = (error?: unknown) => {
      if (this.line !== line) return;
      if (wasHeard) this.log.warn({ error, channel: this.name }, 'the stream of changes of users ended');
      [this.line, this.subscription] = [undefined, undefined];
    };
    const subscription = this.source.open(line.messages).subscribe({ next, error: ended, complete: () => ended() });
    if (this.line === line) this.subscription = subscription;
  }

  private take({ changes, readAgain, committedAtMs }: Told): void {
    const byUser = new Map<Watched, UserItem[]>();
    for (const { userId, item } of changes) {
      const watched = this.watched.get(userId);
      if (!watched) continue;
      const items = byUser.get(watched);
      if (items) items.push(item);
      else byUser.set(watched, [item]);
    }
    const shown = [...byUser].filter(([watched, items]) => this.show(watched, items));
    if (shown.length > 0 && committedAtMs !== undefined) this.written(committedAtMs);
    for (const userId of readAgain) this.doubt(this.watched.get(userId));
    this.readDoubtful();
  }

  /** Before the first reading nobody watches, and it only goes into the picture. Answers whether anybody was sent anything. */
  private show({ picture, watchers }: Watched, items: readonly UserItem[]): boolean {
    const news = picture.take(items);
    if (news.length === 0) return false;
    for (const watcher of watchers) watcher.send({ ch: this.name, t: 'change', d: news });
    return watchers.size > 0;
  }

  private doubt(watched: Watched | undefined): void {
    if (!watched) return;
    // A first reading that has yet to begin comes after this, and holds it.
    if (watched.isRead) this.doubtful.add(watched);
    watched.heard.next();
  }

  private readDoubtful(): void {
    for (const watched of this.doubtful) {
      if (this.reads >= READS_AT_ONCE_MAX) return;
      if (!watched.isLoaded) continue;
      this.doubtful.delete(watched);
      void this.readAgain(watched);
    }
  }

  private async readAgain(watched: Watched): Promise<void> {
    this.reads += 1;
    try {
      this.show(watched, await this.source.read(watched.user));
      watched.isUnread = false;
    } catch (error) {
      // Once for each outage. A neighbour that is away is told of by whoever calls it.
      if (!watched.isUnread) this.log[isUnanswered(error) ? 'info' : 'warn']({ error, channel: this.name }, 'what a user owns could not be read again; it will be tried again');
      watched.isUnread = true;
      if (this.watched.get(watched.user.id) === watched) this.doubtful.add(watched);
      return; // `tend` tries it, a moment later.
    } finally {
      this.reads -= 1;
    }
    this.readDoubtful();
  }
}
