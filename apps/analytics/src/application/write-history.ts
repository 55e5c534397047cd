import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
import { Histories, UnwrittenTrades } from './ports';

const BATCH = 2_000;

/** Brings what has changed in trades to the history that is kept elsewhere. What is not confirmed is written again. */
@Injectable()
export class WriteHistory {
  constructor(
    private readonly histories: Histories,
    private readonly unwritten: UnwrittenTrades,
    private readonly transactions: Transactions,
  ) {}

  /** Once, at the start: a history that has just been chosen lacks everything. */
  async begin(): Promise<void> {
    const { remote } = this.histories;
    await this.transactions.run(async (tx) => {
      const isNew = await this.unwritten.settleOn(tx, remote?.target);
      if (remote && isNew) await this.unwritten.addAll(tx);
    });
  }

  /** Answers whether there may be more. */
  async pass(): Promise<boolean> {
    const { remote } = this.histories;
    if (!remote) return false;
    // The rows are held while the batch is on its way, so that no second writer passes this one with newer candles.
    return this.transactions.run(async (tx) => {
      const { rows, batch } = await this.unwritten.take(tx, BATCH);
      if (rows.length === 0) return false;
      await remote.write(batch);
      failpoint('analytics.afterBulkBeforeOffset');
      await this.unwritten.done(tx, rows);
      return rows.length === BATCH;
    });
  }
}
