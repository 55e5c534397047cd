import fc from 'fast-check';
import type { BookChange, Books, BookState, Member } from '../src/application/books';
import { emptyHash, toggle } from '../src/domain/book-hash';
import { ids } from './writer-harness';

export interface BooksUnderTest {
  readonly books: Books;
  /** Loses everything that is kept. */
  forget(): Promise<void>;
}

/** What every form of the live books must do. Run by the spec of each, so that none drifts from the others. */
export function booksContract(name: string, create: () => Promise<BooksUnderTest>): void {
  describe(`${name} keeps the contract of the live books`, () => {
    let books: Books;
    let forget: () => Promise<void>;
    beforeAll(async () => {
      ({ books, forget } = await create());
    });

    it('shows levels best first, with the state and the sequence', async () => {
      const book = new Story();
      expect(await books.apply([book.step({ added: [bid(100), bid(100), bid(90), ask(120), ask(110), ask(120)] })])).toEqual(['OK']);
      expect(await books.levels(book.id, 10)).toEqual({
        seq: 6, epoch: 1, state: 'open', bids: [{ price: 100, quotes: 2 }, { price: 90, quotes: 1 }], asks: [{ price: 110, quotes: 1 }, { price: 120, quotes: 2 }],
      });
      expect(await books.levels(book.id, 1)).toMatchObject({ bids: [{ price: 100, quotes: 2 }], asks: [{ price: 110, quotes: 1 }] });
      expect(await books.tops([book.id, 'mkt_of_nobody'])).toEqual([
        { seq: 6, epoch: 1, state: 'open', h1: book.h1, h2: book.h2, highestBid: 100, lowestAsk: 110, bids: 3, asks: 3 }, undefined,
      ]);
    });

    it('applies each step once: a repetition changes nothing', async () => {
      const book = new Story();
      const first = book.step({ added: [ask(110)] });
      const second = book.step({ removed: first.added, added: [bid(100)] });
      expect(await books.apply([first, first, second, first, second])).toEqual(['OK', 'DUP', 'OK', 'DUP', 'DUP']);
      expect(await books.levels(book.id, 10)).toMatchObject({ seq: 3, bids: [{ price: 100, quotes: 1 }], asks: [] });
    });

    it('does not continue over a gap, nor a book that is not there', async () => {
      const book = new Story();
      const steps = [1, 2, 3].map(() => book.step({ added: [ask(110)] })) as [BookChange, BookChange, BookChange];
      expect(await books.apply([steps[1]])).toEqual(['REBUILD']);
      expect(await books.apply([steps[0], steps[2]])).toEqual(['OK', 'GAP']);
      expect(await books.levels(book.id, 10)).toMatchObject({ seq: 1, asks: [{ price: 110, quotes: 1 }] });
    });

    it('lets nobody write who was overtaken', async () => {
      const book = new Story();
      await books.apply([book.step({ added: [ask(110)] })]);
      const late = book.step({ added: [ask(100)] });
      book.epoch = 2;
      expect(await books.rebuild(book.image())).toBe('OK');
      const next = book.step({ added: [ask(105)] });
      expect(await books.apply([{ ...next, epoch: 1 }])).toEqual(['FENCED']);
      expect(await books.apply([next, late])).toEqual(['OK', 'FENCED']);
      expect(await books.rebuild({ ...book.image(), epoch: 1 })).toBe('FENCED');
      expect(await books.levels(book.id, 10)).toMatchObject({ epoch: 2, asks: [{ price: 100 }, { price: 105 }, { price: 110 }] });
    });

    it('is written whole in one step, whatever was there, and continues from there', async () => {
      const book = new Story();
      await books.apply([book.step({ added: [ask(110), bid(100)] })]);
      book.step({ added: Array.from({ length: 1_500 }, (_, i) => bid(1 + (i % 90))) });
      expect(await books.rebuild(book.image('halted'))).toBe('OK');
      expect(await books.tops([book.id])).toMatchObject([{ seq: 1_502, state: 'halted', bids: 1_501, asks: 1, highestBid: 100 }]);
      expect(await books.apply([book.step({ added: [ask(109)] })])).toEqual(['OK']);
      const [image] = await books.images([book.id]);
      expect(image?.members.length).toBe(1_503);
      expect({ h1: image?.h1, h2: image?.h2 }).toEqual(hashOf(image?.members ?? []));
    });

    it('an empty book is there, and is empty', async () => {
      const book = new Story();
      expect(await books.rebuild(book.image())).toBe('OK');
      expect(await books.levels(book.id, 10)).toEqual({ seq: 0, epoch: 1, state: 'open', bids: [], asks: [] });
      expect(await books.tops([book.id])).toEqual([{ seq: 0, epoch: 1, state: 'open', h1: 0, h2: 0, bids: 0, asks: 0, highestBid: undefined, lowestAsk: undefined }]);
    });

    it('keeps markets apart, also within one message', async () => {
      const [one, two] = [new Story(), new Story()];
      expect(await books.apply([one.step({ added: [ask(110)] }), two.step({ added: [ask(120)] })])).toEqual(['OK', 'OK']);
      expect(await books.levels(one.id, 10)).toMatchObject({ asks: [{ price: 110 }] });
      expect(await books.levels(two.id, 10)).toMatchObject({ asks: [{ price: 120 }] });
      expect(await books.images([two.id, new Story().id, one.id])).toMatchObject([{ members: [{ price: 120 }] }, undefined, { members: [{ price: 110 }] }]);
    });

    it('says when a sequence is reached, and waits no longer than it is told', async () => {
      const book = new Story();
      await books.apply([book.step({ added: [ask(110)] })]);
      await books.reached(book.id, 1, 10_000);
      await books.reached(book.id, 2, 20);
    });

    it('after any run of steps holds what was put in, at the highest price that exists too', async () => {
      const price = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(9_999_999_999));
      const step = fc.record({ adds: fc.array(fc.tuple(fc.boolean(), price), { minLength: 1, maxLength: 5 }), removes: fc.nat({ max: 3 }) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
          const book = new Story();
          for (const { adds, removes } of steps) {
            const removed = book.members.slice(0, removes);
            expect(await books.apply([book.step({ removed, added: adds.map(([isBid, at]) => (isBid ? bid(at) : ask(at))) })])).toEqual(['OK']);
          }
          const [image] = await books.images([book.id]);
          const sorted = (members: readonly Member[]) => [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
          expect(sorted(image?.members ?? [])).toEqual(sorted(book.members));
          expect(image).toMatchObject({ seq: book.seq, h1: book.h1, h2: book.h2 });
        }),
        { numRuns: 25 },
      );
    });

    it('a book that was lost is missing, not empty', async () => {
      const book = new Story();
      await books.apply([book.step({ added: [ask(110)] })]);
      await forget();
      expect(await books.levels(book.id, 10)).toBeUndefined();
      expect(await books.images([book.id])).toEqual([undefined]);
      expect(await books.apply([book.step({ added: [ask(111)] })])).toEqual(['REBUILD']);
      expect(await books.rebuild(book.image())).toBe('OK');
      expect(await books.levels(book.id, 10)).toMatchObject({ asks: [{ price: 110 }, { price: 111 }] });
    });
  });
}

let prio = 0;
const bid = (price: number): Member => ({ side: 'bid', price, prio: ++prio, id: ids.next('bid') });
const ask = (price: number): Member => ({ side: 'ask', price, prio: ++prio, id: ids.next('ask') });

function hashOf(members: readonly Member[]) {
  const hash = emptyHash();
  for (const member of members) toggle(hash, member);
  return hash;
}

/** A market whose steps a writer would commit. */
class Story {
  readonly id = ids.next('mkt');
  epoch = 1;
  seq = 0;
  members: Member[] = [];
  h1 = 0;
  h2 = 0;

  step({ removed = [], added = [] }: { removed?: readonly Member[]; added?: readonly Member[] }): BookChange {
    const was = this.seq;
    this.seq += Math.max(1, added.length) + removed.length;
    const gone = new Set(removed.map(({ id }) => id));
    this.members = [...this.members.filter(({ id }) => !gone.has(id)), ...added];
    Object.assign(this, hashOf(this.members));
    return { marketId: this.id, epoch: this.epoch, was, seq: this.seq, state: 'open', h1: this.h1, h2: this.h2, removed, added };
  }

  image(state: BookState = 'open') {
    return { marketId: this.id, epoch: this.epoch, seq: this.seq, state, h1: this.h1, h2: this.h2, members: this.members };
  }
}
