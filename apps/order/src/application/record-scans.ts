import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import type { Scan } from '../domain/parcel';
import { ApplyScan } from './apply-scan';
import { type CarrierEvent, CarrierInbox } from './ports';

/** What carriers tell of parcels: by webhook, once for each event, or when asked. */
@Injectable()
export class RecordScans {
  constructor(
    private readonly inbox: CarrierInbox,
    private readonly parcels: ApplyScan,
    private readonly transactions: Transactions,
  ) {}

  async told(event: CarrierEvent): Promise<void> {
    await this.transactions.run(async (tx) => {
      if (!(await this.inbox.add(tx, event))) return;
      if (await this.parcels.execute(tx, event)) await this.inbox.applied(tx, event.id);
    });
    failpoint('order.afterCommit');
  }

  /** Catches up with what was told of a parcel before we knew it. */
  async catchUp(tx: Transaction, tracking: string): Promise<void> {
    for (const event of await this.inbox.unapplied(tx, tracking)) {
      if (await this.parcels.execute(tx, event)) await this.inbox.applied(tx, event.id);
    }
  }

  async seen(scans: readonly Scan[]): Promise<void> {
    for (const scan of scans) await this.transactions.run((tx) => this.parcels.execute(tx, scan));
  }
}
