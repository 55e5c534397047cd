import { Injectable } from '@nestjs/common';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { taskClosed, taskNotFound } from '../domain/errors';
import { isOpen } from '../domain/operation';
import { payoutStep } from '../domain/payout';
import { ManualTasks, Operations, Payments, Payouts, type ManualTask } from './ports';
import { PayoutSteps } from './payout-steps';

/** A person has dealt with the cause: what was stuck goes on. Everything that it does may be done twice. */
@Injectable()
export class ResumeTask {
  constructor(
    private readonly transactions: Transactions,
    private readonly tasks: ManualTasks,
    private readonly payments: Payments,
    private readonly operations: Operations,
    private readonly payouts: Payouts,
    private readonly steps: PayoutSteps,
  ) {}

  execute({ taskId, adminId, reason }: { taskId: string; adminId: string; reason: string }): Promise<ManualTask> {
    return this.transactions.run(async (tx) => {
      const task = await this.tasks.lock(tx, taskId);
      if (!task) throw taskNotFound();
      if (task.closedAt) throw taskClosed();
      if (task.orderId) await this.resume(tx, task, task.orderId);
      await this.tasks.close(tx, { kind: task.kind, subject: task.subject, by: adminId, reason });
      return (await this.tasks.lock(tx, taskId)) ?? task;
    });
  }

  private async resume(tx: Transaction, task: ManualTask, orderId: string): Promise<void> {
    const payment = await this.payments.lock(tx, orderId);
    if (task.kind === 'unknown_operation') await this.operations.lookNow(tx, task.subject);
    if (task.kind === 'failed_refund' && payment?.state === 'refunding' && !(await this.operations.ofOrder(tx, orderId)).some((op) => op.kind === 'refund' && isOpen(op))) {
      await this.operations.plan(tx, { orderId, kind: 'refund', amount: payment.buyer.total });
    }
    if (task.kind === 'failed_transfer') await this.payOutAgain(tx, orderId, 'transfer_again');
    if (task.kind === 'failed_payout') await this.payOutAgain(tx, orderId, 'send_again');
  }

  private async payOutAgain(tx: Transaction, orderId: string, event: 'transfer_again' | 'send_again'): Promise<void> {
    const payout = await this.payouts.ofOrder(tx, orderId);
    if (!payout || !payoutStep(payout.state, event)) return;
    const again = await this.steps.apply(tx, payout, event, { failureCode: undefined, providerId: undefined });
    await this.steps.carryOn(tx, again);
  }
}
