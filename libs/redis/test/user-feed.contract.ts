import { until } from '@libs/testing/exchange-process';
import type { FeedListener, UserFeed } from '../user-feed';

export interface Change {
  readonly userId: string;
  readonly what: string;
}

const WAIT_MS = 30_000;

/** One that writes down what it hears. */
export class Ear implements FeedListener<Change> {
  readonly heard: string[] = [];
  readonly readings: string[] = [];

  changed(changes: readonly Change[]): void {
    this.heard.push(...changes.map(({ userId, what }) => `${userId}: ${what}`));
  }

  readAgain(userIds: readonly string[]): void {
    this.readings.push(...userIds);
  }

  async hears(what: string): Promise<void> {
    await until(() => `${what} among ${JSON.stringify(this.heard)}`, WAIT_MS, () => this.heard.includes(what));
  }

  /** Told to read this user for the n-th time. */
  async reads(userId: string, n = 1): Promise<void> {
    await until(() => `${userId} is read ${n} times: ${JSON.stringify(this.readings)}`, WAIT_MS, () => this.readings.filter((id) => id === userId).length >= n);
  }
}

/** Whose changes are made, and where they are listened for; in one process both are the same. */
export interface Ends {
  readonly publishing: UserFeed<Change>;
  readonly listening: UserFeed<Change>;
}

/** What each form of the feed must do. Users are new in each test. */
export function userFeedContract(name: string, ends: () => Ends): void {
  let users = 0;
  const newUser = () => `usr_${++users}`;

  describe(`${name} keeps the contract of the feed of users`, () => {
    it('says when it hears a user, and tells what is published after that, in order', async () => {
      const { publishing, listening } = ends();
      const [ann, ear] = [newUser(), new Ear()];
      const watching = listening.subscribe(ear);
      watching.watch([ann]);
      await ear.reads(ann);
      expect(publishing.isWatched(ann)).toBe(true);
      publishing.publish([{ userId: ann, what: 'placed' }, { userId: ann, what: 'matched' }]);
      publishing.publish([{ userId: ann, what: 'bust' }]);
      await ear.hears(`${ann}: bust`);
      expect(ear.heard).toEqual([`${ann}: placed`, `${ann}: matched`, `${ann}: bust`]);
      watching.end();
    });

    it('tells nobody of others', async () => {
      const { publishing, listening } = ends();
      const [ann, sam, annsEar, samsEar] = [newUser(), newUser(), new Ear(), new Ear()];
      const [annWatching, samWatching] = [listening.subscribe(annsEar), listening.subscribe(samsEar)];
      annWatching.watch([ann]);
      samWatching.watch([sam]);
      await Promise.all([annsEar.reads(ann), samsEar.reads(sam)]);
      publishing.publish([{ userId: sam, what: 'placed' }, { userId: newUser(), what: 'placed' }, { userId: ann, what: 'placed' }]);
      await Promise.all([annsEar.hears(`${ann}: placed`), samsEar.hears(`${sam}: placed`)]);
      expect([annsEar.heard, samsEar.heard]).toEqual([[`${ann}: placed`], [`${sam}: placed`]]);
      expect([annsEar.readings.includes(sam), samsEar.readings.includes(ann)]).toEqual([false, false]);
      annWatching.end();
      samWatching.end();
    });

    it('knows who is watched, and forgets it with the last who watches', async () => {
      const { publishing, listening } = ends();
      const [ann, first, second] = [newUser(), new Ear(), new Ear()];
      expect(publishing.isWatched(ann)).toBe(false);
      const [one, other] = [listening.subscribe(first), listening.subscribe(second)];
      one.watch([ann]);
      other.watch([ann]);
      await Promise.all([first.reads(ann), second.reads(ann)]);
      one.unwatch([ann]);
      publishing.publish([{ userId: ann, what: 'placed' }]);
      await second.hears(`${ann}: placed`);
      expect(first.heard).toEqual([]);
      other.end();
      await until('nobody is watched', WAIT_MS, () => !publishing.isWatched(ann));
    });

    it('has everybody who is watched read again when something may have gone untold', async () => {
      const { publishing, listening } = ends();
      const [ann, sam, ear] = [newUser(), newUser(), new Ear()];
      const watching = listening.subscribe(ear);
      watching.watch([ann, sam]);
      await Promise.all([ear.reads(ann), ear.reads(sam)]);
      publishing.doubt();
      await Promise.all([ear.reads(ann, 2), ear.reads(sam, 2)]);
      watching.end();
    });
  });
}
