/** What rests on one side of a book, as the audit sees it. */
export interface Resting {
  readonly id: string;
  readonly side: 'bid' | 'ask';
  readonly price: number;
  readonly prio: number;
  readonly expiresAt: string;
}

/** One side of a book, the best quote first: a binary heap that forgets those who have left when they come to the top. */
export class BestFirst {
  private readonly heap: Resting[] = [];

  add(quote: Resting): void {
    const { heap } = this;
    let at = heap.push(quote) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isBefore(quote, heap[up]); up = (at - 1) >> 1) {
      heap[at] = heap[up] as Resting; // Within the heap: `up` is below `at`.
      at = up;
    }
    heap[at] = quote;
  }

  /** The best of those that still rest. */
  best(stillRests: (quote: Resting) => boolean): Resting | undefined {
    for (let top = this.heap[0]; top; top = this.heap[0]) {
      if (stillRests(top)) return top;
      this.dropTop();
    }
    return undefined;
  }

  private dropTop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const down = isBefore(heap[right], heap[left]) ? right : left;
      if (!isBefore(heap[down], last)) break;
      heap[at] = heap[down] as Resting; // It was just compared.
      at = down;
    }
    heap[at] = last;
  }
}

/** Price, then time. Nothing is before what is not there, and what is not there is before nothing. */
function isBefore(one: Resting | undefined, other: Resting | undefined): boolean {
  if (!one) return false;
  if (!other) return true;
  if (one.price !== other.price) return isBetter(one, other);
  return one.prio < other.prio;
}

export function isBetter(one: Resting, other: Resting): boolean {
  return one.side === 'bid' ? one.price > other.price : one.price < other.price;
}
