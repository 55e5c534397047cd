import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { Log } from '@libs/chassis/log';
import { Metrics } from '@libs/chassis/metrics';
import { attributeNames } from '@libs/chassis/span-attributes';
import { Spans } from '@libs/chassis/spans';
import { isUnanswered } from '@libs/rpc/rpc';
import type { Answer } from './answer';
import type { SagaStep } from './ports';

/** What an operator sees of the saga's steps: a count, a line where one fails, and a span of the trace that has asked for it. */
@Injectable()
export class StepTelemetry {
  private readonly steps;

  constructor(
    private readonly log: Log,
    private readonly spans: Spans,
    metrics: Metrics,
  ) {
    this.steps = metrics.counter('saga_step_total', 'Steps of the saga that were run, by what came of them.', ['saga', 'step', 'outcome']);
  }

  traced(step: SagaStep, work: () => Promise<void>): Promise<void> {
    const { kind, orderId, cause } = step;
    return this.spans.run({ name: `saga ${kind}`, kind: 'internal', cause, attributes: { [attributeNames.sagaStep]: kind, [attributeNames.orderId]: orderId } }, work);
  }

  answered({ kind }: SagaStep, { is }: Answer): void {
    this.steps.inc({ saga: 'order', step: kind, outcome: is });
  }

  /** Answers what may be shown: what a bug says may hold anything; what a refusal says was written for readers. */
  failed({ kind, orderId, attempts }: SagaStep, error: unknown): string {
    this.steps.inc({ saga: 'order', step: kind, outcome: 'failed' });
    // A neighbour that is away fails every step that needs it, and is told of once, by whoever calls it.
    this.log[isUnanswered(error) ? 'info' : 'warn']({ order_id: orderId, step: kind, attempts, error }, 'a saga step failed and is tried again');
    return error instanceof AppError ? `${error.code}: ${error.message}` : error instanceof Error ? error.name : 'unknown';
  }

  unrecorded({ kind, orderId }: SagaStep, error: unknown): void {
    this.log.error({ order_id: orderId, step: kind, error }, 'a failed step could not be recorded');
  }
}
