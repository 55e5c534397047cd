import { Injectable } from '@nestjs/common';
import { type QuotePage, type QuoteQuery, Records } from './ports';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;

/** A user's own bids or asks, the newest first. */
@Injectable()
export class ReadQuotes {
  constructor(private readonly records: Records) {}

  mine(query: QuoteQuery): Promise<QuotePage> {
    return this.records.quotes({ ...query, limit: Math.min(query.limit <= 0 ? LIMIT_DEFAULT : query.limit, LIMIT_MAX) });
  }
}
