import { Injectable } from '@nestjs/common';
import type { Transaction } from '@libs/postgres/transaction';
import { taskClosed, taskNotFound } from '../domain/errors';
import { isOpen } from '../domain/operation';
import { type Answered, KeyedCommands } from './keyed-commands';
import { ManualTasks, messageOf, Operations, Payments, ProviderInbox, type ManualTask } from './ports';
import { PayoutSteps } from './payout-steps';

interface Resumption {
  readonly taskId: string;
  readonly adminId: string;
  readonly reason: string;
  readonly idempotencyKey: string;
}

/** A person has dealt with the cause: what was stuck goes on. Everything that it does may be done twice. */
@Injectable()
export class ResumeTask {
  constructor(
    private readonly keyed: KeyedCommands,
    private readonly tasks: ManualTasks,
    private readonly payments: Payments,
    private readonly operations: Operations,
    private readonly steps: PayoutSteps,
    private readonly inbox: ProviderInbox,
  ) {}

  execute({ taskId, adminId, reason, idempotencyKey: key }: Resumption): Promise<Answered<ManualTask>> {
    return this.keyed.within({ userId: adminId, key }, ['resume', taskId, reason], async (tx, isReplay) => {
      const task = await this.tasks.lock(tx, taskId);
      if (!task) throw taskNotFound();
      if (isReplay) return task;
      if (task.closedAt) throw taskClosed();
      const message = messageOf(task.subject);
      if (task.kind === 'stuck_work' && message !== undefined) await this.inbox.retryNow(tx, message);
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
    if (task.kind === 'failed_transfer') await this.steps.again(tx, orderId, 'transfer_again');
    if (task.kind === 'failed_payout') await this.steps.again(tx, orderId, 'send_again');
  }
}
