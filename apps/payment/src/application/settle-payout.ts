import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { transferPosting } from '../domain/ledger';
import { isOpen, type Operation } from '../domain/operation';
import { payoutStep, type Payout } from '../domain/payout';
import { ACCOUNT_CHANGED, backoffMs, isMoneyPending } from '../domain/retry-policy';
import { MoneyBooks } from './money-books';
import { PayoutSteps } from './payout-steps';
import { Operations, Payments, Payouts } from './ports';
import type { PayoutReading, TransferReading } from './provider';

interface Work {
  readonly payout: Payout;
  readonly operations: Operation[];
}

/** Books what became of a transfer or a payout; replies, webhooks and the poller share it. */
@Injectable()
export class SettlePayout {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly operations: Operations,
    private readonly payouts: Payouts,
    private readonly steps: PayoutSteps,
    private readonly books: MoneyBooks,
  ) {}

  async transferred(orderId: string, operationId: string, reading: TransferReading): Promise<void> {
    await this.locked(orderId, async (tx, { payout, operations }) => {
      const operation = operations.find(({ id }) => id === operationId);
      if (!operation || !isOpen(operation)) return;
      await this.operations.resolve(tx, operationId, { state: 'succeeded', providerId: reading.id });
      failpoint('payment.afterRowBeforeLedger');
      await this.books.post(tx, transferPosting(payout, reading.balanceTransactionId));
      await this.books.known(tx, operationId);
      const next = await this.steps.apply(tx, payout, 'transferred', { transferId: reading.id });
      await this.steps.carryOn(tx, next);
    });
  }

  /** Our own reply comes with the operation open; a message may come before it, or long after. One of an earlier, failed payout changes nothing. */
  async payout(orderId: string, reading: PayoutReading): Promise<void> {
    await this.locked(orderId, async (tx, { payout, operations }) => {
      const open = operations.find((operation) => operation.kind === 'payout' && operation.id === reading.operationId && isOpen(operation));
      let next = payout;
      if (open) {
        await this.operations.resolve(tx, open.id, { state: 'succeeded', providerId: reading.id });
        await this.books.known(tx, open.id);
        next = await this.steps.apply(tx, payout, 'sent', { providerId: reading.id, arrivesAt: reading.arrivesAt });
      }
      if (next.providerId !== reading.id) return;
      if (reading.status === 'paid' && payoutStep(next.state, 'arrived')) await this.steps.apply(tx, next, 'arrived', { arrivesAt: reading.arrivesAt });
      if (reading.status === 'failed' && payoutStep(next.state, 'bank_refused')) await this.bankRefused(tx, next, reading);
    });
  }

  /** Known not to have moved anything. Money that is not there yet, and the provider's own failures, are tried again by themselves. */
  async refused(orderId: string, operationId: string, { code, sendAgain }: { code: string; sendAgain: boolean }): Promise<void> {
    await this.locked(orderId, async (tx, { payout, operations }) => {
      const operation = operations.find(({ id }) => id === operationId);
      if (!operation || !isOpen(operation)) return;
      await this.operations.resolve(tx, operationId, { state: 'failed', failureCode: code });
      await this.books.known(tx, operationId);
      if (code === ACCOUNT_CHANGED) return;
      if (isMoneyPending(code)) return this.steps.waitForMoney(tx, payout);
      if (sendAgain) return void (await this.steps.carryOn(tx, payout, backoffMs(operation.attempt)));
      const isTransfer = operation.kind === 'transfer';
      await this.steps.apply(tx, payout, isTransfer ? 'transfer_failed' : 'send_failed', { failureCode: code });
      const advice = 'The seller is still owed this money. Settle the cause with the provider or the seller, then resume: it is sent again.';
      const detail = `${isTransfer ? 'The transfer to the seller' : 'The payout'} was refused: ${code}.`;
      await this.books.needsPerson(tx, { kind: isTransfer ? 'failed_transfer' : 'failed_payout', subject: operationId, orderId, detail, advice });
    });
  }

  private async bankRefused(tx: Transaction, payout: Payout, reading: PayoutReading): Promise<void> {
    const failureCode = reading.failureCode ?? 'failed';
    await this.steps.apply(tx, payout, 'bank_refused', { failureCode });
    const advice = 'The money lies on the seller\'s account at the provider. Ask the seller for a working bank account, then resume.';
    await this.books.needsPerson(tx, { kind: 'failed_payout', subject: reading.id, orderId: payout.orderId, detail: `The bank refused the payout: ${failureCode}.`, advice });
  }

  private async locked(orderId: string, work: (tx: Transaction, facts: Work) => Promise<void>): Promise<void> {
    await this.transactions.run(async (tx) => {
      await this.payments.lock(tx, orderId);
      const payout = await this.payouts.ofOrder(tx, orderId);
      invariant(payout, `no payout of ${orderId}`);
      await work(tx, { payout, operations: await this.operations.ofOrder(tx, orderId) });
    });
    failpoint('payment.afterCommit');
  }
}
