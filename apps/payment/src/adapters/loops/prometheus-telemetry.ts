import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Metrics } from '@libs/chassis/metrics';
import type { OperationKind } from '../../domain/operation';
import { countedReason } from '../../domain/refund-reason';
import { type Happening, Telemetry } from '../../application/ports';

const quiet: ReadonlySet<string> = new Set(['duplicate', 'received']);

const WEBHOOK_BUCKETS_S = [0.1, 0.5, 1, 5, 30, 60, 300, 600, 3_600, 86_400, 259_200];

@Injectable()
export class PrometheusTelemetry extends Telemetry {
  private readonly operations;
  private readonly payouts;
  private readonly refunds;
  private readonly webhookLag;

  constructor(
    private readonly log: Log,
    metrics: Metrics,
  ) {
    super();
    this.operations = metrics.counter('payments_total', 'Operations at the payment provider by their outcome', ['op', 'outcome']);
    this.payouts = metrics.counter('payouts_total', 'Payouts by their outcome', ['outcome']);
    this.refunds = metrics.counter('refunds_total', 'Refunds by why the order gives the money back, and by their outcome', ['reason', 'outcome']);
    this.webhookLag = metrics.histogram('stripe_webhook_lag_seconds', 'From what happened at the provider to our taking in its message', [], WEBHOOK_BUCKETS_S);
  }

  happened(op: OperationKind | 'webhook', outcome: string, fields: Happening = {}): void {
    this.operations.inc({ op, outcome });
    if (op === 'payout') this.payouts.inc({ outcome });
    if (op === 'refund') this.refunds.inc({ reason: countedReason(fields.reason ?? ''), outcome });
    if (!quiet.has(outcome)) this.log.info({ op, outcome, ...fields }, 'a step at the payment provider');
  }

  heard(secondsAgo: number): void {
    this.webhookLag.observe(Math.max(0, secondsAgo));
  }

  broke(subject: string, error: unknown): void {
    this.log.error({ subject, error }, 'a piece of work failed; it is put aside and tried again');
  }
}
