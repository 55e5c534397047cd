import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { emptyHash, toggle } from '../domain/book-hash';
import { type BookImage, Books } from './books';
import { Records } from './ports';
import { ProjectBooks } from './project-books';
import { type CommittedBatch, Writer, type WriterListener } from './writer';

const ALL_EVERY_PASSES = 60;
const COMPARED_AT_ONCE = 100;

/** Compares the live books with the database, at equal sequences: markets with new steps in every pass, all of them once in ten minutes. */
@Injectable()
export class ReconcileBooks implements WriterListener {
  private readonly touched = new Set<string>();
  private passes = 0;
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
    const isAll = this.passes++ % ALL_EVERY_PASSES === 0;
    const ids = isAll ? [...this.writer.floor.markets.keys()] : [...this.touched];
    this.touched.clear();
    for (let at = 0; at < ids.length; at += COMPARED_AT_ONCE) await this.compare(ids.slice(at, at + COMPARED_AT_ONCE));
    // A Redis that came back empty is noticed here too: whatever is not there is written.
    const tops = await this.books.tops([...this.writer.floor.markets.keys()]);
    this.projection.doubt([...this.writer.floor.markets.keys()].filter((_, i) => tops[i] === undefined));
  }

  /** Answers the markets that differ at equal sequences. A book that has stayed behind its rows, or is ahead of all that ever happened, is compared with the floor; one that moved while we looked is compared another time. */
  async compare(ids: readonly string[]): Promise<string[]> {
    const rows = await this.records.images(ids);
    const books = await this.books.images(rows.map(({ marketId }) => marketId));
    const wrong: string[] = [];
    for (const [i, row] of rows.entries()) {
      const book = books[i];
      const newest = this.writer.floor.markets.get(row.marketId)?.seq ?? row.seq;
      if (book && (book.seq < row.seq || book.seq > newest)) this.projection.doubt([row.marketId]);
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
}

function hashOf(image: BookImage) {
  const hash = emptyHash();
  for (const member of image.members) toggle(hash, member);
  return hash;
}

const summary = ({ members, h1, h2 }: BookImage) => ({ quotes: members.length, h1, h2 });
