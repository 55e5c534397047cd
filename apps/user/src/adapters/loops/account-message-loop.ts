import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Activity } from '@libs/chassis/activity';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Metrics } from '@libs/chassis/metrics';
import { WallClock } from '@libs/kernel/clock';
import { HandOverMessages } from '../../application/hand-over-messages';
import { AccountMessages } from '../../application/message-ports';

const EVERY_MS = 200;
const SWEEP_EVERY_MS = 60_000;

/** Looks rather than being told: a message that is planned is never forgotten, whoever planned it and whatever happened since. */
@Injectable()
export class AccountMessageLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: readonly Loop[];
  private failing = 0;

  constructor(
    private readonly handing: HandOverMessages,
    messages: AccountMessages,
    activity: Activity,
    metrics: Metrics,
    wall: WallClock,
    private readonly log: Log,
  ) {
    const handOver = new Loop({ name: 'account_messages', everyMs: EVERY_MS, log }, () => this.pass());
    this.loops = [handOver, new Loop({ name: 'account_message_sweep', everyMs: SWEEP_EVERY_MS, log }, () => messages.sweep(wall.now()))];
    activity.report('account_messages', async () => (await messages.due()) + (handOver.isBusy ? 1 : 0));
    metrics.gauge('account_messages_failing', 'Messages to users that the last pass could not hand over.', [], () => this.failing);
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  private async pass(): Promise<boolean> {
    const { more, failures } = await this.handing.pass();
    this.failing = failures.length;
    if (failures.length > 0) this.log.warn({ failures: failures.length, error: failures[0] }, 'messages to users could not be handed over');
    return more;
  }
}
