import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
import type { Effect } from '../domain/lifecycle';
import { wasCharged } from '../domain/order';
import type { Answer } from './answer';
import { ManualTasks, type SagaStep, Steps } from './ports';
import { RecordAnswer } from './record-answer';

/** Records what a step came to, with all that the order learns from it, in one transaction. */
@Injectable()
export class ConcludeStep {
  constructor(
    private readonly transactions: Transactions,
    private readonly record: RecordAnswer,
    private readonly steps: Steps,
    private readonly tasks: ManualTasks,
    private readonly clock: Clock,
  ) {}

  async execute(step: SagaStep, answer: Answer): Promise<void> {
    await this.transactions.run(async (tx) => {
      const order = await this.record.execute(tx, step.orderId, answer);
      // The step was taken before now: a charge whose money was heard of since is not overtaken, it still has to tell how much.
      const owesBill = (kind: Effect) => kind === 'charge' && wasCharged(order) && order.buyerLines.length === 0 && !answer.patch?.buyerLines;
      const is = answer.is === 'void' && owesBill(step.kind) ? 'wait' : answer.is;
      await Promise.all([
        is === 'wait' ? this.steps.wait(tx, step, answer.ms ?? 0) : this.steps.finish(tx, step.orderId, [step.kind], is),
        answer.concludes && this.steps.finish(tx, step.orderId, answer.concludes.filter((kind) => !owesBill(kind)), 'void'),
        // Nobody was told of a step that got through at once.
        step.attempts > 1 && this.tasks.close(tx, step.orderId, [step.kind], { at: this.clock.now(), reason: 'The step got through.' }),
      ]);
    });
    failpoint('order.afterCommit');
  }
}
