import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Health } from '@libs/chassis/health';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { WebhookProvider, webhookEndpoints } from '../../application/provider';
import { RunReconciliations } from '../../application/run-reconciliations';
import { LedgerGauges } from './ledger-gauges';

const GAUGES_MS = 5_000;
/** How soon one that somebody asked for begins; the schedule is kept by what runs them. */
const RECONCILE_LOOK_MS = 1_000;
const UNTIL_MADE_MS = 500;
/** An endpoint that somebody has removed at the provider comes back within this time. */
const LOOKED_AT_MS = 600_000;

/** What we owe the provider's side: our webhook endpoints there, and the comparison of its books with ours. */
@Injectable()
export class ProviderLoops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: Loop[];
  private endpointsAre: 'missing' | 'made' = 'missing';
  private passesLeft = 0;

  constructor(
    log: Log,
    private readonly health: Health,
    private readonly webhooks: WebhookProvider,
    reconciliations: RunReconciliations,
    gauges: LedgerGauges,
  ) {
    this.loops = [
      new Loop({ name: 'webhook endpoints', everyMs: UNTIL_MADE_MS, log }, () => this.ensureEndpoints()),
      new Loop({ name: 'reconcile', everyMs: RECONCILE_LOOK_MS, log }, () => reconciliations.execute()),
      new Loop({ name: 'ledger gauges', everyMs: GAUGES_MS, log }, () => gauges.read()),
    ];
  }

  onApplicationBootstrap(): void {
    this.health.report('webhook endpoints', () => this.endpointsAre);
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  private async ensureEndpoints(): Promise<void> {
    if (this.passesLeft > 0) {
      this.passesLeft -= 1;
      return;
    }
    for (const name of webhookEndpoints) await this.webhooks.ensureEndpoint(name);
    this.endpointsAre = 'made';
    this.passesLeft = LOOKED_AT_MS / UNTIL_MADE_MS;
  }
}
