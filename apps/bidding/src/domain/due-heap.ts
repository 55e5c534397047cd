const SLACK = 10_000;

/** Ids by the instant at which they are due, the earliest first. An id that has moved on since may come out all the same: its taker looks. */
export class DueHeap {
  private at: number[] = [];
  private ids: string[] = [];

  get size(): number {
    return this.ids.length;
  }

  add(at: number, id: string): void {
    let i = this.ids.length;
    this.at.push(at);
    this.ids.push(id);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((this.at[parent] as number) <= at) break;
      this.move(parent, i);
      i = parent;
    }
    this.at[i] = at;
    this.ids[i] = id;
  }

  isDue(now: number): boolean {
    return this.ids.length > 0 && (this.at[0] as number) <= now;
  }

  /** At most `max` of those that are due at `now`. */
  take(now: number, max: number): string[] {
    const taken: string[] = [];
    while (taken.length < max && this.isDue(now)) taken.push(this.pop());
    return taken;
  }

  /** Entries of quotes that have ended stay until they are due: when they are too many, the heap is built anew from the open ones. */
  compactAbove(expected: number, open: () => Iterable<readonly [at: number, id: string]>): void {
    if (this.ids.length <= expected + SLACK) return;
    this.at = [];
    this.ids = [];
    for (const [at, id] of open()) this.add(at, id);
  }

  private pop(): string {
    const top = this.ids[0] as string;
    const at = this.at.pop() as number;
    const id = this.ids.pop() as string;
    const length = this.ids.length;
    if (length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && (this.at[child + 1] as number) < (this.at[child] as number)) child++;
      if ((this.at[child] as number) >= at) break;
      this.move(child, i);
      i = child;
    }
    this.at[i] = at;
    this.ids[i] = id;
    return top;
  }

  private move(from: number, to: number): void {
    this.at[to] = this.at[from] as number;
    this.ids[to] = this.ids[from] as string;
  }
}
