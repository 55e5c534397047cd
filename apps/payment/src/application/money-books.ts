import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import type { Transaction } from '@libs/postgres/transaction';
import type { Posting } from '../domain/ledger';
import { Ledger, ManualTasks, Refunds, type Refund, type TaskKind } from './ports';

/** What every settlement writes besides its own rows: the ledger, and the list of what needs a person. */
@Injectable()
export class MoneyBooks {
  constructor(
    private readonly ledger: Ledger,
    private readonly tasks: ManualTasks,
    private readonly refunds: Refunds,
    private readonly clock: Clock,
  ) {}

  post(tx: Transaction, posting: Posting): Promise<void> {
    return this.ledger.post(tx, posting, this.clock.now());
  }

  refundOf(tx: Transaction, orderId: string): Promise<Refund | undefined> {
    return this.refunds.ofOrder(tx, orderId);
  }

  needsPerson(tx: Transaction, task: { kind: TaskKind; subject: string; orderId?: string; detail: string; advice: string }): Promise<void> {
    return this.tasks.open(tx, task);
  }

  /** A line of the provider that has found its transaction. */
  explained(tx: Transaction, lineId: string): Promise<void> {
    return this.tasks.close(tx, { kind: 'unmatched_line', subject: lineId, by: 'payment', reason: 'The ledger has it now.' });
  }

  known(tx: Transaction, operationId: string): Promise<void> {
    return this.tasks.close(tx, { kind: 'unknown_operation', subject: operationId, by: 'payment', reason: 'The outcome is known.' });
  }
}
