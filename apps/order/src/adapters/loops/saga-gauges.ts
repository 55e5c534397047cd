import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Metrics } from '@libs/chassis/metrics';
import { ManualTasks, Orders } from '../../application/ports';
import { statuses } from '../../domain/lifecycle';

const EVERY_MS = 10_000;

/** How many orders are where, and how many need a person. */
@Injectable()
export class SagaGauges implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(orders: Orders, tasks: ManualTasks, metrics: Metrics, log: Log) {
    const inState = metrics.gauge('orders_in_state', 'Orders by status.', ['state']);
    const stuck = metrics.gauge('sagas_stuck', 'Saga steps that have failed for an hour and wait for a person.');
    this.loop = new Loop({ name: 'saga gauges', everyMs: EVERY_MS, log }, async () => {
      const counts = await orders.countByStatus();
      for (const status of statuses) inState.set({ state: status }, counts[status] ?? 0);
      stuck.set(await tasks.countStuck());
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }
}
