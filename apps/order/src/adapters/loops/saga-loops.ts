import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Clock } from '@libs/kernel/clock';
import { FireTimers } from '../../application/fire-timers';
import { Steps, Timers } from '../../application/ports';
import { RunSteps } from '../../application/run-steps';

const STEPS_EVERY_MS = 100;

/** The saga's steps, at their own pace. */
@Injectable()
export class StepLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(
    private readonly running: RunSteps,
    steps: Steps,
    log: Log,
    activity: Activity,
  ) {
    this.loop = new Loop({ name: 'saga steps', everyMs: STEPS_EVERY_MS, log }, () => running.execute(() => this.loop.nudge()));
    activity.report('saga steps', () => steps.countLive());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.running.takeOver();
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
    await this.running.finished();
  }
}

const TIMERS_EVERY_MS = 1_000;

/** The deadlines: looked at every second, and at once when the business clock is moved. */
@Injectable()
export class TimerLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(firing: FireTimers, timers: Timers, clock: Clock, log: Log, activity: Activity) {
    this.loop = new Loop({ name: 'order timers', everyMs: TIMERS_EVERY_MS, log, clock }, () => firing.execute());
    activity.report('order timers', () => timers.countDue(clock.now()));
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }
}
