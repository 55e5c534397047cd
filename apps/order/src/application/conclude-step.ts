import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
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
      await this.record.execute(tx, step.orderId, answer);
      await Promise.all([
        answer.is === 'wait' ? this.steps.wait(tx, step, answer.ms ?? 0) : this.steps.finish(tx, step.orderId, [step.kind], answer.is),
        answer.concludes && this.steps.finish(tx, step.orderId, answer.concludes, 'void'),
        // Nobody was told of a step that got through at once.
        step.attempts > 1 && this.tasks.close(tx, step.orderId, [step.kind], { at: this.clock.now(), reason: 'The step got through.' }),
      ]);
    });
    failpoint('order.afterCommit');
  }
}
