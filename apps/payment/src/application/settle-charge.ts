import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { eventOf, stepOf } from '../domain/lifecycle';
import { isOpen, type Operation } from '../domain/operation';
import type { Finding, Payment } from '../domain/payment';
import { ChargeSteps } from './charge-steps';
import { MoneyBooks } from './money-books';
import { Operations, Payments } from './ports';

/** What a reply, a webhook and the poller have found out about a charge all ends here, under the lock of its order: whoever comes first settles it, the others change nothing. */
@Injectable()
export class SettleCharge {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly operations: Operations,
    private readonly steps: ChargeSteps,
    private readonly books: MoneyBooks,
  ) {}

  /** `operationId` is the operation whose answer this is; a webhook or the poller knows none. */
  async execute(orderId: string, finding: Finding, operationId?: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      // The lock goes out first: the operations are read under it.
      const [payment, operations] = await Promise.all([this.payments.lock(tx, orderId), this.operations.ofOrder(tx, orderId)]);
      invariant(payment, `an operation without a payment: ${orderId}`);
      const own = operations.find((operation) => operation.id === operationId);
      const isStale = own !== undefined && !isOpen(own);
      if (isStale && finding.found !== 'captured' && finding.found !== 'cancelled') return;
      const { event, change } = eventOf(payment, finding);
      const hasStep = stepOf(payment.state, event) !== undefined;
      if (own && !isStale) await this.resolve(tx, own, finding);
      if (finding.found === 'captured' && hasStep) await this.assignCapture(tx, { payment, operations, own, finding });
      failpoint('payment.afterRowBeforeLedger');
      if (hasStep) await this.steps.apply(tx, payment, event, { change, ...(finding.found === 'captured' ? { charge: finding.charge } : {}) });
    });
    failpoint('payment.afterCommit');
  }

  private async resolve(tx: Transaction, operation: Operation, finding: Finding): Promise<void> {
    const wanted = { intent: 'intent', capture: 'captured', cancel: 'cancelled' }[operation.kind as 'intent' | 'capture' | 'cancel'];
    const isSuccess = finding.found === wanted;
    const failure = 'code' in finding ? finding.code : finding.found;
    const providerId = finding.found === 'intent' ? finding.intentId : finding.found === 'captured' && isSuccess ? finding.charge.chargeId : undefined;
    const outcome = isSuccess ? ({ state: 'succeeded', ...(providerId ? { providerId } : {}) } as const) : ({ state: 'failed', failureCode: failure } as const);
    await Promise.all([this.operations.resolve(tx, operation.id, outcome), this.books.known(tx, operation.id)]);
  }

  /** Exactly one capture operation succeeds: the one in the air, or, when the buyer's own client has paid, one that is written down now. */
  private async assignCapture(
    tx: Transaction,
    { payment, operations, own, finding }: { payment: Payment; operations: Operation[]; own: Operation | undefined; finding: Extract<Finding, { found: 'captured' }> },
  ): Promise<void> {
    const { orderId } = payment;
    const abandoned = await this.operations.abandonPlanned(tx, orderId, ['capture', 'cancel']);
    for (const id of abandoned) await this.books.known(tx, id);
    if (own?.kind === 'capture' && isOpen(own)) return;
    const inTheAir = operations.find((operation) => operation.kind === 'capture' && isOpen(operation) && operation.state !== 'planned');
    if (inTheAir) await this.resolve(tx, inTheAir, finding);
    else await this.operations.recordSucceeded(tx, { orderId, kind: 'capture', amount: finding.charge.amount, providerId: finding.charge.chargeId });
  }
}
