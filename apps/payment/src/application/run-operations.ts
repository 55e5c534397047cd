import { Injectable } from '@nestjs/common';
import { attributeNames } from '@libs/chassis/span-attributes';
import { Spans } from '@libs/chassis/spans';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
import { WorkUnderWay } from '@libs/postgres/work-under-way';
import { backoffMs, UNKNOWN_TASK_AFTER_MS } from '../domain/retry-policy';
import { ManualTasks, Operations, type TakenOperation, Telemetry, Wake } from './ports';
import { RunCharge, type RunResult } from './run-charge';
import { RunPayout } from './run-payout';
import { RunRefund } from './run-refund';

/** What waits for the provider needs no connection to the database; more at once would only wait for those. */
const IN_FLIGHT_MAX = 16;
const TASKS_MAX = 20;

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
    for (const operation of await this.operations.unknownFor(UNKNOWN_TASK_AFTER_MS, TASKS_MAX)) {
      const { orderId, kind, id: subject } = operation;
      const detail = operation.state === 'planned' ? `The provider has not taken ${kind} ${operation.attempt} for an hour.` : `The outcome of ${kind} ${operation.attempt} has been unknown for an hour.`;
      const advice = 'Nothing is sent under a new key until it is known. Look at the provider\'s state; resume looks it up again at once.';
      await this.transactions.run((tx) => this.tasks.open(tx, { kind: 'unknown_operation', subject, orderId, detail, advice }));
    }
  }
}

/**
 * Carries out what is planned and finds out about what is unknown: the only place from which money is moved at the provider, outside any transaction.
 * Each operation goes its own way, and the next one takes its place as soon as it is over: a call that hangs keeps nobody waiting.
 */
@Injectable()
export class RunOperations {
  private readonly underWay: WorkUnderWay;

  constructor(
    private readonly operations: Operations,
    private readonly doing: OperationRunners,
    private readonly telemetry: Telemetry,
    private readonly wake: Wake,
    private readonly spans: Spans,
  ) {
    this.underWay = new WorkUnderWay((underWay) => operations.freeLeases(underWay));
  }

  /** Begins what is due, as far as there is room. */
  async execute(): Promise<void> {
    const room = IN_FLIGHT_MAX - this.underWay.size;
    if (room === 0) return;
    for (const operation of await this.underWay.take(() => this.operations.take(room))) {
      this.underWay.begin(operation.id, this.traced(operation), () => this.wake.settled());
    }
  }

  get inFlight(): number {
    return this.underWay.size;
  }

  /** Resolves when all that has begun is over. */
  async drained(): Promise<void> {
    await this.underWay.drained();
  }

  /** An operation belongs to the trace of what has asked for it. */
  private traced(operation: TakenOperation): Promise<void> {
    const { kind, orderId, cause } = operation;
    return this.spans.run({ name: `operation ${kind}`, kind: 'internal', cause, attributes: { [attributeNames.orderId]: orderId } }, () => this.one(operation));
  }

  /** Never throws: a failure of our own is one of this operation alone, and leaves its outcome unknown until it is looked up. */
  private async one(operation: TakenOperation): Promise<void> {
    try {
      const result = await this.attempt(operation);
      const { orderId, kind, attempt, refundReason } = operation;
      if (result.result === 'later') await this.operations.defer(operation, result.as, result.delayMs);
      this.telemetry.happened(kind, result.result === 'later' ? result.as : result.outcome, { order_id: orderId, attempt, ...('code' in result && { code: result.code }), ...(refundReason !== undefined && { reason: refundReason }) });
    } catch (error) {
      this.underWay.abandon(operation.id);
      this.telemetry.broke(`operation ${operation.id}`, error);
    }
  }

  /** It is looked up soon, not when the lease is over. */
  private async attempt(operation: TakenOperation): Promise<RunResult> {
    try {
      failpoint('payment.beforePsp');
      return await this.doing.run(operation);
    } catch (error) {
      await this.operations.defer(operation, 'unknown', backoffMs(operation.takes));
      throw error;
    }
  }
}
