import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Health } from '@libs/chassis/health';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Clock } from '@libs/kernel/clock';
import { DeliverMessages } from '../../application/deliver-messages';
import { Messages, type Queue } from '../../application/ports';
import { WatchQuotes } from '../../application/watch-quotes';
import { PrometheusTelemetry } from './prometheus-telemetry';

const DELIVER_MS = 100;
const WARN_MS = 1_000;
const LOOK_MS = 5_000;
const SWEEP_MS = 600_000;

@Injectable()
export class LoopParts {
  constructor(
    readonly activity: Activity,
    readonly health: Health,
    readonly telemetry: PrometheusTelemetry,
  ) {}
}

/** Sends what is due, warns of what ends soon, and counts what waits: each at its own pace. */
@Injectable()
export class MessageLoops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: { deliver: Loop; warn: Loop; look: Loop; sweep: Loop };
  private waiting: Queue | undefined;

  constructor(
    log: Log,
    private readonly clock: Clock,
    private readonly delivering: DeliverMessages,
    private readonly watching: WatchQuotes,
    private readonly messages: Messages,
    private readonly parts: LoopParts,
  ) {
    this.loops = {
      deliver: new Loop({ name: 'messages', everyMs: DELIVER_MS, log, clock }, () => delivering.execute()),
      warn: new Loop({ name: 'ending quotes', everyMs: WARN_MS, log, clock }, () => watching.warn()),
      look: new Loop({ name: 'queue', everyMs: LOOK_MS, log }, () => this.look()),
      sweep: new Loop({ name: 'message sweep', everyMs: SWEEP_MS, log }, () => messages.sweep(clock.now())),
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.messages.freeLeases([]);
    const { activity, health } = this.parts;
    const { deliver, warn } = this.loops;
    activity.report('messages', async () => (await this.messages.dueCount(this.clock.now())) + this.delivering.inFlight);
    activity.report('ending quotes', async () => (await this.watching.dueCount()) + (warn.isBusy ? 1 : 0));
    health.report('messages', () => this.waiting);
    this.delivering.onRoom(() => deliver.nudge());
    for (const loop of Object.values(this.loops)) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(Object.values(this.loops).map((loop) => loop.stop()));
    await this.delivering.drained();
  }

  private async look(): Promise<void> {
    this.waiting = await this.messages.queue();
    this.parts.telemetry.queue(this.waiting);
  }
}
