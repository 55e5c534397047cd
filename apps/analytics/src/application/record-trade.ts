import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import type { Transaction } from '@libs/postgres/transaction';
import { Histories, type MatchedFact, type PaidFact, Trades, UnwrittenTrades } from './ports';

/** A match, its payment and its bust come on two topics, in any order: each is a fact that the trade is made of. */
@Injectable()
export class RecordTrade {
  constructor(
    private readonly trades: Trades,
    private readonly unwritten: UnwrittenTrades,
    private readonly histories: Histories,
  ) {}

  async matched(tx: Transaction, fact: MatchedFact): Promise<void> {
    await this.trades.matched(tx, fact);
    await this.changed(tx, [fact.matchId]);
  }

  async paid(tx: Transaction, fact: PaidFact): Promise<void> {
    await this.trades.paid(tx, fact);
    failpoint('analytics.midBulk');
    await this.changed(tx, [fact.matchId]);
    failpoint('analytics.afterBulkBeforeOffset');
  }

  async busted(tx: Transaction, fact: Omit<MatchedFact, 'marketSeq'>): Promise<void> {
    await this.trades.busted(tx, fact);
    await this.changed(tx, [fact.matchId]);
  }

  async branded(tx: Transaction, productId: string, brand: string): Promise<void> {
    await this.changed(tx, await this.trades.branded(tx, productId, brand));
  }

  private async changed(tx: Transaction, matchIds: readonly string[]): Promise<void> {
    if (this.histories.remote && matchIds.length > 0) await this.unwritten.add(tx, matchIds);
  }
}
