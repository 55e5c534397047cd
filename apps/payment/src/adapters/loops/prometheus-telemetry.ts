import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Metrics } from '@libs/chassis/metrics';
import type { OperationKind } from '../../domain/operation';
import { Telemetry } from '../../application/ports';

const quiet: ReadonlySet<string> = new Set(['duplicate', 'received']);

@Injectable()
export class PrometheusTelemetry extends Telemetry {
  private readonly operations;

  constructor(
    private readonly log: Log,
    metrics: Metrics,
  ) {
    super();
    this.operations = metrics.counter('payments_total', 'Operations at the payment provider by their outcome', ['op', 'outcome']);
  }

  happened(op: OperationKind | 'webhook', outcome: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.operations.inc({ op, outcome });
    if (!quiet.has(outcome)) this.log.info({ op, outcome, ...fields }, 'a step at the payment provider');
  }

  broke(subject: string, error: unknown): void {
    this.log.error({ subject, error }, 'a piece of work failed; it is put aside and tried again');
  }
}
