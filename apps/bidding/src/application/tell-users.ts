import { Injectable } from '@nestjs/common';
import { UserFeed } from '@libs/redis/user-feed';
import type { MarketEvent } from '../domain/events';
import type { QuoteFacts } from '../domain/quote';
import { type CommittedBatch, Writer, type WriterListener } from './writer';

/** One's own quote as a commit has left it. */
export interface QuoteChange {
  readonly userId: string;
  readonly quote: QuoteFacts;
  readonly currency: string;
  readonly matchId: string | null;
  /** The market's sequence of this change. */
  readonly seq: number;
  /** Real time, Unix milliseconds. A process of an older version does not say. */
  readonly committedAtMs?: number;
}

/** Tells users who watch what has become of their quotes. Of a batch whose users nobody watches it looks at the names alone. */
@Injectable()
export class TellUsers implements WriterListener {
  constructor(
    writer: Writer,
    private readonly feed: UserFeed<QuoteChange>,
  ) {
    writer.listen(this);
  }

  committed({ batch, committedAtMs }: CommittedBatch): void {
    let changes: QuoteChange[] | undefined;
    for (const event of batch.events) {
      if ('quote' in event) changes = this.collect(changes, event, event.quote, null);
      else if ('bid' in event) {
        changes = this.collect(changes, event, event.bid, matchOf(event, event.bid));
        changes = this.collect(changes, event, event.ask, matchOf(event, event.ask));
      }
    }
    if (changes) this.feed.publish(changes.map((change) => ({ ...change, committedAtMs })));
  }

  /** What a lost session or another owner has written was perhaps never told. */
  reconnected(): void {
    this.feed.doubt();
  }

  tookOver(): void {
    this.feed.doubt();
  }

  private collect(changes: QuoteChange[] | undefined, { currency, seq }: MarketEvent, quote: QuoteFacts, matchId: string | null): QuoteChange[] | undefined {
    if (!this.feed.isWatched(quote.userId)) return changes;
    const change = { userId: quote.userId, quote, currency, matchId, seq };
    if (!changes) return [change];
    changes.push(change);
    return changes;
  }
}

/** A side that comes back may have met another at once. */
function matchOf(event: Extract<MarketEvent, { type: 'matched' | 'busted' }>, quote: QuoteFacts): string | null {
  if (event.type === 'matched') return event.matchId;
  return quote.status === 'matched' ? event.rematchId : null;
}
