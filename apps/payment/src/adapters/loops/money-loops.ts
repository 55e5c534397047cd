import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Clock } from '@libs/kernel/clock';
import { Operations, ProviderInbox } from '../../application/ports';
import { MoneyWork } from './money-work';
import { WakeLoops } from './wake-loops';

const OPERATIONS_MS = 200;
const INBOX_MS = 500;
const TIMERS_MS = 1_000;
/** Mostly our own reply is here by then, and the message has nothing to add. */
const INBOX_GATHER_MS = 50;
/** Every step at the provider may let a timer fire; in a burst of them one look is enough. */
const TIMERS_GATHER_MS = 20;
const WATCH_MS = 5_000;

@Injectable()
export class MoneyLoopParts {
  constructor(
    readonly activity: Activity,
    readonly inbox: ProviderInbox,
  ) {}
}

/** What moves money and hears of it, at its own pace. */
@Injectable()
export class MoneyLoops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: { operations: Loop; inbox: Loop; timers: Loop; watch: Loop };

  constructor(
    log: Log,
    clock: Clock,
    private readonly work: MoneyWork,
    private readonly wake: WakeLoops,
    private readonly operations: Operations,
    private readonly parts: MoneyLoopParts,
  ) {
    this.loops = {
      operations: new Loop({ name: 'operations', everyMs: OPERATIONS_MS, log }, () => work.runOperations()),
      inbox: new Loop({ name: 'webhooks', everyMs: INBOX_MS, gatherMs: INBOX_GATHER_MS, log }, () => this.applyWebhooks()),
      timers: new Loop({ name: 'timers', everyMs: TIMERS_MS, gatherMs: TIMERS_GATHER_MS, log, clock }, () => this.fireTimers()),
      watch: new Loop({ name: 'watch', everyMs: WATCH_MS, log }, () => work.watch()),
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.operations.freeLeases([]);
    const { activity, inbox } = this.parts;
    activity.report('operations', async () => (await this.operations.openCount()) + this.work.inFlight + (this.loops.operations.isBusy ? 1 : 0));
    activity.report('webhooks', () => inbox.openCount());
    activity.report('timers', async () => (await this.work.dueCount()) + (this.loops.timers.isBusy ? 1 : 0));
    this.wake.on('operations', () => this.loops.operations.nudge());
    this.wake.on('inbox', () => this.loops.inbox.nudge());
    this.wake.on('settled', () => {
      this.loops.operations.nudge();
      this.loops.timers.nudge();
    });
    for (const loop of Object.values(this.loops)) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(Object.values(this.loops).map((loop) => loop.stop()));
    await this.work.drained();
  }

  private async applyWebhooks(): Promise<void> {
    await this.work.applyWebhooks();
    this.loops.operations.nudge();
  }

  private async fireTimers(): Promise<void> {
    if (await this.work.fireTimers()) this.loops.operations.nudge();
  }
}
