import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
import { Histories, type HistoryBatch, type RemoteHistory, UnwrittenTrades } from './ports';

const BATCH = 2_000;

/** Brings what has changed in trades to the history that is kept elsewhere. What is not confirmed is written again. */
@Injectable()
export class WriteHistory {
  constructor(
    private readonly histories: Histories,
    private readonly unwritten: UnwrittenTrades,
    private readonly transactions: Transactions,
  ) {}

  /** Batches that the history did not take, since the start; each is written again. */
  failures = 0;

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
      await this.written(remote, batch);
      failpoint('analytics.afterBulkBeforeOffset');
      await this.unwritten.done(tx, rows);
      return rows.length === BATCH;
    });
  }

  private async written(remote: RemoteHistory, batch: HistoryBatch): Promise<void> {
    try {
      await remote.write(batch);
    } catch (error) {
      this.failures += 1;
      throw error;
    }
  }
}
