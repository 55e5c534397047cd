import { Injectable } from '@nestjs/common';
import { backoffMs, STUCK_AFTER_MS } from '../domain/retry';
import { ConcludeStep } from './conclude-step';
import { PerformStep } from './perform-step';
import { type ClaimedStep, type SagaStep, Steps } from './ports';
import { StepTelemetry } from './step-telemetry';
import { TellOperator } from './tell-operator';

const PARALLEL_MAX = 16;

/** Runs the steps that are due, so many at a time. A step that fails is tried again until it succeeds; after an hour a person is told. */
@Injectable()
export class RunSteps {
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly steps: Steps,
    private readonly performer: PerformStep,
    private readonly concluder: ConcludeStep,
    private readonly operator: TellOperator,
    private readonly telemetry: StepTelemetry,
  ) {}

  /** Begins what is due and waits for none of it, so that one slow neighbour does not hold up the others. */
  async execute(onFinished: () => void): Promise<void> {
    while (this.running.size < PARALLEL_MAX) {
      const claimed = await this.steps.claim(PARALLEL_MAX - this.running.size);
      if (claimed.length === 0) return;
      for (const step of claimed) this.begin(step, onFinished);
    }
  }

  /** Once, before the first pass: what a killed process had taken need not wait for the end of its lease. */
  takeOver(): Promise<void> {
    return this.steps.freeOfTheDead();
  }

  /** Resolves when no step runs. */
  async finished(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private begin(step: ClaimedStep, onFinished: () => void): void {
    const run = this.telemetry.traced(step, () => this.run(step)).finally(() => {
      this.running.delete(run);
      onFinished();
    });
    this.running.add(run);
  }

  private async run(step: ClaimedStep): Promise<void> {
    try {
      const answer = await this.performer.execute(step.kind, step.order);
      await this.concluder.execute(step, answer);
      this.telemetry.answered(step, answer);
    } catch (error) {
      // When not even that can be written down, the step's lease runs out and it is taken up again.
      await this.failed(step, error).catch((cause: unknown) => this.telemetry.unrecorded(step, cause));
    }
  }

  private async failed(step: SagaStep, error: unknown): Promise<void> {
    const told = this.telemetry.failed(step, error);
    const { failingMs } = await this.steps.fail(step, told, backoffMs(step.attempts));
    if (failingMs >= STUCK_AFTER_MS) await this.operator.stuck(step, told);
  }
}
