import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { DueHeap } from '../domain/due-heap';
import type { Quote } from '../domain/quote';
import { expireDue } from '../domain/withdrawals';
import type { Reply } from './ticket';
import { type CommittedBatch, Writer, type WriterListener } from './writer';

const EXPIRED_AT_ONCE_MAX = 500;

/** Marks quotes as expired when their time has come, through the writer like everybody else. That they cannot match is not its doing. */
@Injectable()
export class ExpireQuotes implements WriterListener {
  private readonly due = new DueHeap();

  constructor(
    private readonly writer: Writer,
    private readonly clock: Clock,
  ) {
    writer.listen(this);
  }

  loaded(marketIds: Iterable<string>): void {
    const { markets } = this.writer.floor;
    for (const id of marketIds) {
      const market = markets.get(id);
      if (!market) continue;
      for (const side of ['bid', 'ask'] as const) for (const quote of market.book.quotes(side)) this.due.add(quote.expiresAt, quote.id);
      for (const quote of market.waiting.values()) this.due.add(quote.expiresAt, quote.id);
    }
  }

  committed({ batch }: CommittedBatch): void {
    for (const quote of batch.inserted.keys()) if (quote.status === 'active') this.due.add(quote.expiresAt, quote.id);
    for (const { quote, was } of batch.changed.values()) {
      const isOpen = quote.status === 'active' || quote.status === 'inactive';
      if (isOpen && (was.expiresAt !== quote.expiresAt || was.status === 'matched')) this.due.add(quote.expiresAt, quote.id);
    }
  }

  /** Answers whether there is more to expire at once. */
  async pass(): Promise<boolean> {
    const { floor } = this.writer;
    const now = this.clock.now().getTime();
    this.due.compactAbove(floor.openQuotes * 2, () => [...floor.allQuotes()].map(({ expiresAt, id }) => [expiresAt, id]));
    const quotes: Quote[] = [];
    for (const id of this.due.take(now, EXPIRED_AT_ONCE_MAX)) {
      const quote = floor.quote(id);
      if (quote && quote.expiresAt <= now) quotes.push(quote);
    }
    if (quotes.length === 0) return this.due.isDue(now);
    const reply = await this.expire(quotes);
    // Not written: they are still due.
    if (!('done' in reply)) for (const quote of quotes) this.due.add(quote.expiresAt, quote.id);
    return 'done' in reply && this.due.isDue(now);
  }

  /** Open quotes whose time has come. */
  get overdue(): number {
    return this.due.isDue(this.clock.now().getTime()) ? 1 : 0;
  }

  private expire(quotes: readonly Quote[]): Promise<Reply> {
    return new Promise((settle) =>
      this.writer.submit({
        run: (turn) => {
          // By id: after a batch that failed the floor holds other objects.
          expireDue(turn, quotes.flatMap(({ id }) => turn.floor.quote(id) ?? []));
          return { done: { bookSeq: 0 } };
        },
        settle, key: undefined, bodyHash: undefined, deadline: Infinity, traceparent: undefined,
      }),
    );
  }
}
