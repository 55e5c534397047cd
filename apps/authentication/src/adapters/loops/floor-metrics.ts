import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Metrics } from '@libs/chassis/metrics';
import { Clock } from '@libs/kernel/clock';
import { Floor, type FloorFigures } from '../../application/ports';
import { states } from '../../domain/inspection';

const LOOK_MS = 10_000;

/** The floor in numbers, as of the last look. */
@Injectable()
export class FloorMetrics implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;
  private latest: FloorFigures = { tasks: {}, oldestSeconds: 0, decisions: {}, breaches: 0, disagreements: 0 };

  constructor(floor: Floor, clock: Clock, metrics: Metrics, log: Log) {
    this.loop = new Loop({ name: 'floor metrics', everyMs: LOOK_MS, log }, async () => {
      this.latest = await floor.figures(clock.now());
    });
    metrics.gauge('auth_tasks', 'Inspections by state.', ['state'], () => new Map(states.map((state) => [state, this.latest.tasks[state] ?? 0])));
    metrics.gauge('auth_task_age_seconds', 'Business time since the oldest pair that is not decided was taken in.', [], () => this.latest.oldestSeconds);
    metrics.total('auth_decisions_total', 'Verdicts.', ['verdict'], () => new Map(Object.entries(this.latest.decisions)));
    metrics.total('auth_sla_breaches_total', 'Pairs that were not decided in time.', [], () => this.latest.breaches);
    metrics.total('auth_review_disagreements_total', 'Second opinions that differed from the first.', [], () => this.latest.disagreements);
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }
}
