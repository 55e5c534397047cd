import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Health } from '@libs/chassis/health';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { PollParcels } from '../../application/poll-parcels';
import { CarrierWebhooks } from '../../application/ports';

const RETRY_EVERY_MS = 500;
const POLL_EVERY_MS = 60_000;

/** Sees to it that the carrier can tell us, and asks by itself for what it has not told. */
@Injectable()
export class CarrierLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: readonly Loop[];

  constructor(webhooks: CarrierWebhooks, polling: PollParcels, log: Log, health: Health) {
    const ensuring = new Loop({ name: 'carrier endpoint', everyMs: RETRY_EVERY_MS, log }, async () => {
      if (!webhooks.isReady) await webhooks.ensure();
    });
    const poll = new Loop({ name: 'parcels', everyMs: POLL_EVERY_MS, log }, () => polling.execute());
    this.loops = [ensuring, poll];
    health.report('carrier', () => ({ endpoint: webhooks.isReady ? 'ready' : 'missing' }));
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }
}
