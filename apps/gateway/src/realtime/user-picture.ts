/** A quote or an order of one's own, as it is shown, and the number that grows with its changes. */
export interface UserItem {
  readonly version: number;
  readonly shown: { readonly id: string };
}

interface Known extends UserItem {
  readonly text: string;
}

/** The newest are kept, both sides of quotes together: what is older is read over REST. */
const ITEMS_MAX = 200;

/** What a user who watches knows of these things. It never goes back: of two states the one with the lower version is older, whichever came first. */
export class UserPicture {
  private readonly items = new Map<string, Known>();

  /** The newest first; of quotes bids before asks. */
  shown(): UserItem['shown'][] {
    return [...this.items.values()].map(({ shown }) => shown).sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** Answers what is news, each once and as it is last. */
  take(items: readonly UserItem[]): UserItem['shown'][] {
    const news = new Map<string, UserItem['shown']>();
    for (const item of items) {
      const { id } = item.shown;
      const known = this.items.get(id);
      if (known && known.version > item.version) continue;
      const text = JSON.stringify(item.shown);
      this.items.set(id, { ...item, text });
      if (known?.text !== text) news.set(id, item.shown);
    }
    this.forgetOldest();
    return [...news.values()];
  }

  private forgetOldest(): void {
    if (this.items.size <= ITEMS_MAX) return;
    const ids = [...this.items.keys()].sort((a, b) => (madeAt(a) < madeAt(b) ? -1 : 1));
    for (const id of ids.slice(0, ids.length - ITEMS_MAX)) this.items.delete(id);
  }
}

/** Ids grow with time behind their kind. */
function madeAt(id: string): string {
  return id.slice(id.indexOf('_'));
}
