import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { reasonMissing, taskNotFound } from '../domain/errors';
import { effects, type OrderEvent } from '../domain/lifecycle';
import { Advance } from './advance';
import { type ManualTask, ManualTasks, Orders, Steps } from './ports';

/** What follows when a lost parcel is declared lost. */
const lostEvents: Readonly<Record<string, OrderEvent>> = { inbound: 'lost_inbound', outbound: 'lost_outbound' };

/** An admin has seen to a task: the stuck step is tried at once, the lost parcel is declared lost. */
@Injectable()
export class ResumeManualTask {
  constructor(
    private readonly tasks: ManualTasks,
    private readonly orders: Orders,
    private readonly steps: Steps,
    private readonly advance: Advance,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  async execute(adminId: string, taskId: string, reason: string): Promise<ManualTask> {
    if (reason === '') throw reasonMissing();
    return this.transactions.run(async (tx) => {
      const seen = await this.tasks.find(tx, taskId);
      if (!seen) throw taskNotFound(taskId);
      await this.orders.lock(tx, seen.orderId);
      // Again, under the order's lock: two admins may press the button at once.
      const task = await this.tasks.find(tx, taskId);
      if (!task || task.closedAt) return task ?? seen;

      const kind = effects.find((effect) => effect === task.subject);
      const lost = lostEvents[task.subject];
      if (task.kind === 'stuck_saga' && kind) await this.steps.hurry(tx, task.orderId, kind);
      // A refusal means that the order has gone on meanwhile, and nothing is left to do.
      if (task.kind === 'parcel_lost' && lost) await this.advance.execute(tx, task.orderId, { event: lost, actor: 'admin', actorId: adminId, reason });
      const closedAt = this.clock.now();
      await this.tasks.close(tx, task.orderId, task.subject, { at: closedAt, userId: adminId, reason });
      return { ...task, closedAt };
    });
  }
}
