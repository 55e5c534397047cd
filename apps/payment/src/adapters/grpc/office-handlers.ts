import { Injectable } from '@nestjs/common';
import type { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { WallClock } from '@libs/kernel/clock';
import { requireRole, requireService } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { ReadOffice } from '../../application/read-office';
import { ReceiveWebhook } from '../../application/receive-webhook';
import { ResumeTask } from '../../application/resume-task';
import { Reconciliations, Wake } from '../../application/ports';
import { reconciliationMessage, taskMessage } from './messages';

type Served = Pick<RpcHandlers<typeof PaymentService>, 'handleWebhook' | 'getManualTasks' | 'resumeManualTask' | 'getTrialBalance' | 'getReconciliations' | 'startReconciliation'>;
type Arguments<K extends keyof Served> = Parameters<Served[K]>;

@Injectable()
export class OfficeHandlers implements Served {
  constructor(
    private readonly webhooks: ReceiveWebhook,
    private readonly reader: ReadOffice,
    private readonly resume: ResumeTask,
    private readonly wake: Wake,
    private readonly reconciliations: Reconciliations,
    private readonly clock: WallClock,
  ) {}

  async handleWebhook(...[request, call]: Arguments<'handleWebhook'>): ReturnType<Served['handleWebhook']> {
    requireService(call, 'gateway');
    await this.webhooks.execute(request);
    return {};
  }

  async getManualTasks(...[request, call]: Arguments<'getManualTasks'>): ReturnType<Served['getManualTasks']> {
    requireRole(call, 'admin');
    const { tasks, nextCursor } = await this.reader.tasks(request);
    return { tasks: tasks.map(taskMessage), nextCursor };
  }

  async resumeManualTask(...[{ taskId, reason, idempotencyKey }, call]: Arguments<'resumeManualTask'>): ReturnType<Served['resumeManualTask']> {
    const { answer: task, isReplay: replayed } = await this.resume.execute({ taskId, reason, adminId: requireRole(call, 'admin').id, idempotencyKey });
    this.wake.operations();
    return { task: taskMessage(task), replayed };
  }

  async getReconciliations(...[request, call]: Arguments<'getReconciliations'>): ReturnType<Served['getReconciliations']> {
    requireRole(call, 'admin');
    const { reconciliations, nextCursor } = await this.reader.reconciliations(request);
    return { reconciliations: reconciliations.map(reconciliationMessage), nextCursor };
  }

  async startReconciliation(...[, call]: Arguments<'startReconciliation'>): ReturnType<Served['startReconciliation']> {
    const admin = requireRole(call, 'admin');
    return { reconciliation: reconciliationMessage(await this.reconciliations.ask(admin.id, this.clock.now())) };
  }

  async getTrialBalance(...[, call]: Arguments<'getTrialBalance'>): ReturnType<Served['getTrialBalance']> {
    requireRole(call, 'admin');
    const balances = await this.reader.trialBalance();
    return { accounts: balances.map(({ code, currency, balanceMinor }) => ({ code, currency, balanceMinor: BigInt(balanceMinor) })) };
  }
}
