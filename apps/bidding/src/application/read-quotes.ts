import { Injectable } from '@nestjs/common';
import { pageSize } from '@libs/kernel/page-size';
import { type MatchRecord, type OpenAsk, type QuotePage, type QuoteQuery, Records } from './ports';

/** Of one page for another service that builds its projection anew. */
const RECORDS_MAX = 1_000;

/** A user's own bids or asks, the newest first. */
@Injectable()
export class ReadQuotes {
  constructor(private readonly records: Records) {}

  mine(query: QuoteQuery): Promise<QuotePage> {
    return this.records.quotes({ ...query, limit: pageSize(query.limit) });
  }

  allMatches(after: string, limit: number): Promise<MatchRecord[]> {
    return this.records.matches(after, Math.min(limit, RECORDS_MAX));
  }

  openAsks(after: string, limit: number): Promise<OpenAsk[]> {
    return this.records.openAsks(after, Math.min(limit, RECORDS_MAX));
  }
}
