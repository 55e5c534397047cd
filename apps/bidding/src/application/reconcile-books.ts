import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { emptyHash, toggle } from '../domain/book-hash';
import { type BookImage, Books } from './books';
import { Records } from './ports';
import { ProjectBooks } from './project-books';
import { type CommittedBatch, Writer, type WriterListener } from './writer';

const PASSES_A_TURN = 60;
const COMPARED_AT_ONCE = 100;

/**
 * Compares the live books with the database, at equal sequences: in every pass the markets with new steps and a share of all, so that each has
 * its turn in ten minutes. Never all of them in one pass: orders and reads of this process would wait until it is over.
 */
@Injectable()
export class ReconcileBooks implements WriterListener {
  private readonly touched = new Set<string>();
  private turn = 0;
  /** Books that were found to be wrong, since the start. */
  mismatches = 0;

  constructor(
    private readonly writer: Writer,
    private readonly books: Books,
    private readonly records: Records,
    private readonly projection: ProjectBooks,
    private readonly log: Log,
  ) {
    writer.listen(this);
  }

  committed({ batch }: CommittedBatch): void {
    for (const market of batch.steps.keys()) this.touched.add(market.id);
  }

  async pass(): Promise<void> {
    const all = [...this.writer.floor.markets.keys()];
    const share = this.nextShare(all);
    await this.lookForMissing(share, all);
    const ids = [...new Set([...this.touched, ...share])];
    this.touched.clear();
    for (let at = 0; at < ids.length; at += COMPARED_AT_ONCE) await this.compare(ids.slice(at, at + COMPARED_AT_ONCE));
  }

  /** Whatever is not there is written. Where most of a share is gone, Redis came back empty, and the others are gone too. Asked before anything is repaired: what is written again meanwhile would not be missed. */
  private async lookForMissing(share: readonly string[], all: readonly string[]): Promise<void> {
    const tops = await this.books.tops(share);
    const missing = share.filter((_, i) => tops[i] === undefined);
    this.projection.doubt(missing.length > share.length / 2 ? all : missing);
  }

  /** Answers the markets that differ at equal sequences. A book that is missing, has stayed behind its rows, or is ahead of all that ever happened, is doubted; one that moved while we looked is compared another time. */
  async compare(ids: readonly string[]): Promise<string[]> {
    const rows = await this.records.images(ids);
    const books = await this.books.images(rows.map(({ marketId }) => marketId));
    const wrong: string[] = [];
    for (const [i, row] of rows.entries()) {
      const book = books[i];
      const newest = this.writer.floor.markets.get(row.marketId)?.seq ?? row.seq;
      if (!book || book.seq < row.seq || book.seq > newest) this.projection.doubt([row.marketId]);
      if (!book || book.seq !== row.seq) continue;
      const { h1, h2 } = hashOf(book);
      if (h1 === row.h1 && h2 === row.h2 && book.h1 === row.h1 && book.h2 === row.h2) continue;
      wrong.push(row.marketId);
      this.log.error({ market_id: row.marketId, seq: row.seq, rows: summary(row), book: summary(book) }, 'a live book differs from the database; it is written again');
    }
    this.mismatches += wrong.length;
    if (wrong.length > 0) await this.writer.reread(wrong);
    return wrong;
  }

  private nextShare(all: readonly string[]): readonly string[] {
    const from = this.turn < all.length ? this.turn : 0;
    this.turn = from + Math.max(COMPARED_AT_ONCE, Math.ceil(all.length / PASSES_A_TURN));
    return all.slice(from, this.turn);
  }
}

function hashOf(image: BookImage) {
  const hash = emptyHash();
  for (const member of image.members) toggle(hash, member);
  return hash;
}

const summary = ({ members, h1, h2 }: BookImage) => ({ quotes: members.length, h1, h2 });
