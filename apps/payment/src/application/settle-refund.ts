import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import { moneyToMessage } from '@libs/kernel/money';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { refundPosting, refundReturnedPosting } from '../domain/ledger';
import { isOpen, type Operation } from '../domain/operation';
import type { Payment } from '../domain/payment';
import { backoffMs } from '../domain/retry-policy';
import { ChargeSteps } from './charge-steps';
import { MoneyBooks } from './money-books';
import { Operations, Payments, type Refund } from './ports';
import type { RefundReading } from './provider';

interface Case {
  readonly payment: Payment;
  readonly operation: Operation;
  readonly refund: Refund;
}

/** Books what became of a refund, once for each turn that it takes; the reply and the webhook share it. */
@Injectable()
export class SettleRefund {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly operations: Operations,
    private readonly steps: ChargeSteps,
    private readonly books: MoneyBooks,
    private readonly outbox: Outbox,
  ) {}

  async execute(orderId: string, operationId: string, reading: RefundReading): Promise<void> {
    await this.locked(orderId, operationId, async (tx, refundCase) => {
      if (reading.status === 'pending') await this.operations.nameProviderObject(tx, operationId, reading.id);
      else if (reading.status === 'succeeded') await this.succeeded(tx, refundCase, reading);
      else await this.failed(tx, refundCase, reading);
    });
    failpoint('payment.afterCommit');
  }

  /** Known not to have moved anything. `sendAgain`: the provider's own failure, not its verdict. */
  async refused(orderId: string, operationId: string, { code, sendAgain }: { code: string; sendAgain: boolean }): Promise<void> {
    await this.locked(orderId, operationId, async (tx, { payment, operation }) => {
      if (!isOpen(operation)) return;
      await this.operations.resolve(tx, operationId, { state: 'failed', failureCode: code });
      await this.books.known(tx, operationId);
      if (sendAgain) await this.operations.plan(tx, { orderId, kind: 'refund', amount: payment.buyer.total, delayMs: backoffMs(operation.attempt) });
      else await this.needsPerson(tx, operation, code);
    });
  }

  private async succeeded(tx: Transaction, { payment, operation, refund }: Case, reading: RefundReading): Promise<void> {
    if (!isOpen(operation)) return;
    invariant(reading.balanceTransactionId, `a refund without a balance transaction: ${reading.id}`);
    const { orderId, buyerId } = payment;
    await this.operations.resolve(tx, operation.id, { state: 'succeeded', providerId: reading.id });
    failpoint('payment.afterRowBeforeLedger');
    await this.books.post(tx, refundPosting(this.refundOf(operation, refund), reading.balanceTransactionId));
    await this.steps.apply(tx, payment, 'refund_done');
    const amount = moneyToMessage(operation.amount);
    this.outbox.add(tx, 'payment.refunded', orderId, { orderId, buyerId, amount, borneByPlatform: refund.isBorneByPlatform });
    await this.books.known(tx, operation.id);
  }

  /** A refund may fail after it had been reported as done: then it is owed again. */
  private async failed(tx: Transaction, { payment, operation, refund }: Case, reading: RefundReading): Promise<void> {
    if (operation.state === 'failed') return;
    const code = reading.failureCode ?? 'refund_failed';
    if (operation.state === 'succeeded') {
      invariant(reading.returnedBy, `a returned refund without a balance transaction: ${reading.id}`);
      await this.books.post(tx, refundReturnedPosting(this.refundOf(operation, refund), reading.returnedBy));
      await this.steps.apply(tx, payment, 'refund_undone');
    }
    await this.operations.resolve(tx, operation.id, { state: 'failed', providerId: reading.id, failureCode: code });
    await this.books.known(tx, operation.id);
    await this.needsPerson(tx, operation, code);
  }

  private refundOf(operation: Operation, refund: Refund): Parameters<typeof refundPosting>[0] {
    return { orderId: operation.orderId, operationId: operation.id, amount: operation.amount, isBorneByPlatform: refund.isBorneByPlatform };
  }

  private needsPerson(tx: Transaction, operation: Operation, code: string): Promise<void> {
    const advice = 'The buyer is still owed this money. Ask the provider why, then resume: the refund is sent again.';
    return this.books.needsPerson(tx, { kind: 'failed_refund', subject: operation.id, orderId: operation.orderId, detail: `The refund failed: ${code}.`, advice });
  }

  private locked(orderId: string, operationId: string, work: (tx: Transaction, refundCase: Case) => Promise<void>): Promise<void> {
    return this.transactions.run(async (tx) => {
      const payment = await this.payments.lock(tx, orderId);
      const operation = await this.operations.read(tx, operationId);
      const refund = await this.books.refundOf(tx, orderId);
      invariant(payment && operation && refund, `a refund without its order: ${operationId}`);
      await work(tx, { payment, operation, refund });
    });
  }
}
