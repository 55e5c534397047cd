import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { Inspections, type NewInspection } from './ports';

/** One inspection for each paid order, however often it is asked for. */
@Injectable()
export class OpenInspection {
  constructor(
    private readonly inspections: Inspections,
    private readonly transactions: Transactions,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  execute(order: Omit<NewInspection, 'id'>): Promise<string> {
    return this.transactions.run((tx) => this.open(tx, order));
  }

  open(tx: Transaction, order: Omit<NewInspection, 'id'>): Promise<string> {
    return this.inspections.open(tx, { ...order, id: this.ids.next('ins') }, this.clock.now());
  }
}
