import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { notYours, reasonMissing, taskNotFound } from '../domain/errors';
import { type Caller, rolesIn } from './caller';
import { FollowTask } from './follow-task';
import { type ManualTask, ManualTasks, Orders } from './ports';

/** An admin has seen to a task: it is closed together with what follows from that, or stays open when nothing can. Not one of a trade of their own. */
@Injectable()
export class ResumeManualTask {
  constructor(
    private readonly tasks: ManualTasks,
    private readonly orders: Orders,
    private readonly following: FollowTask,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  async execute(admin: Caller, taskId: string, reason: string): Promise<ManualTask> {
    if (reason === '') throw reasonMissing();
    return this.transactions.run(async (tx) => {
      const seen = await this.tasks.find(tx, taskId);
      if (!seen) throw taskNotFound(taskId);
      const order = await this.orders.lock(tx, seen.orderId);
      // Again, under the order's lock: two admins may press the button at once.
      const task = await this.tasks.find(tx, taskId);
      if (!order || !task || task.closedAt) return task ?? seen;
      if (!rolesIn(order, admin).includes('admin')) throw notYours('task_resumed');

      const closedAt = this.clock.now();
      await this.tasks.close(tx, task.orderId, [task.subject], { at: closedAt, userId: admin.id, reason });
      await this.following.execute(tx, order, task, { adminId: admin.id, reason });
      return { ...task, closedAt };
    });
  }
}
