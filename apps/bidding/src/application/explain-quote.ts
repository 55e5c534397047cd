import { Injectable } from '@nestjs/common';
import type { AppError } from '@libs/kernel/app-error';
import { alreadyMatched, notOpen, notOwned } from '../domain/errors';
import type { Side } from '../domain/side';
import { Records } from './ports';

/** The floor knows open quotes only; what became of another one, the database says. */
@Injectable()
export class ExplainQuote {
  constructor(private readonly records: Records) {}

  async why(refusal: AppError, { quoteId, side, userId }: { readonly quoteId: string; readonly side: Side; readonly userId: string }): Promise<AppError> {
    if (refusal.code !== 'bidding.quote_not_found') return refusal;
    const status = await this.records.quoteStatus(quoteId, side, userId);
    if (status === undefined) return refusal;
    if (status === 'matched') return alreadyMatched();
    // Open, and not on our floor: another owner has its market, or is about to.
    return status === 'active' || status === 'inactive' ? notOwned() : notOpen(status);
  }
}
