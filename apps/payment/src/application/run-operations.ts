import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
import { backoffMs, UNKNOWN_TASK_AFTER_MS } from '../domain/retry-policy';
import { ManualTasks, Operations, type TakenOperation, Telemetry } from './ports';
import { RunCharge, type RunResult } from './run-charge';
import { RunPayout } from './run-payout';
import { RunRefund } from './run-refund';

/** More at once would only wait for connections to the database. */
const BATCH_MAX = 4;
const PASSES_MAX = 50;

/** Who carries out which kind. */
@Injectable()
export class OperationRunners {
  constructor(
    private readonly charge: RunCharge,
    private readonly refund: RunRefund,
    private readonly payout: RunPayout,
  ) {}

  run(operation: TakenOperation): Promise<RunResult> {
    if (operation.kind === 'refund') return this.refund.execute(operation);
    if (operation.kind === 'transfer' || operation.kind === 'payout') return this.payout.execute(operation);
    return this.charge.execute(operation);
  }
}

/** An operation whose outcome stays unknown for an hour is shown to a person. */
@Injectable()
export class UnknownTasks {
  constructor(
    private readonly operations: Operations,
    private readonly tasks: ManualTasks,
    private readonly transactions: Transactions,
  ) {}

  async execute(): Promise<void> {
    for (const operation of await this.operations.unknownFor(UNKNOWN_TASK_AFTER_MS, BATCH_MAX)) {
      const { orderId, kind, id: subject } = operation;
      const detail = `The outcome of ${kind} ${operation.attempt} has been unknown for an hour.`;
      const advice = 'Nothing is sent under a new key until it is known. Look at the provider\'s state; resume looks it up again at once.';
      await this.transactions.run((tx) => this.tasks.open(tx, { kind: 'unknown_operation', subject, orderId, detail, advice }));
    }
  }
}

/** Carries out what is planned and finds out about what is unknown: the only place from which money is moved at the provider, outside any transaction. */
@Injectable()
export class RunOperations {
  constructor(
    private readonly operations: Operations,
    private readonly doing: OperationRunners,
    private readonly telemetry: Telemetry,
    private readonly tasks: UnknownTasks,
  ) {}

  /** Whether there was anything to do. */
  async execute(): Promise<boolean> {
    let pass = 0;
    for (; pass < PASSES_MAX; pass++) {
      const taken = await this.operations.take(BATCH_MAX);
      if (taken.length === 0) break;
      const results = await Promise.allSettled(taken.map((operation) => this.one(operation)));
      const failure = results.find((result) => result.status === 'rejected');
      if (failure) throw failure.reason;
    }
    await this.tasks.execute();
    return pass > 0;
  }

  private async one(operation: TakenOperation): Promise<void> {
    const result = await this.attempt(operation);
    const { orderId, kind, attempt } = operation;
    if (result.result === 'later') await this.operations.defer(operation.id, result.as, result.delayMs);
    this.telemetry.happened(kind, result.result === 'later' ? result.as : result.outcome, { orderId, attempt, ...('code' in result ? { code: result.code } : {}) });
  }

  /** A failure of our own leaves the outcome unknown: it is looked up soon, not when the lease is over. */
  private async attempt(operation: TakenOperation): Promise<RunResult> {
    try {
      failpoint('payment.beforePsp');
      return await this.doing.run(operation);
    } catch (error) {
      await this.operations.defer(operation.id, 'unknown', backoffMs(operation.takes));
      throw error;
    }
  }
}
