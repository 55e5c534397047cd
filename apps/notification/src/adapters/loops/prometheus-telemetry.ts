import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Metrics } from '@libs/chassis/metrics';
import { type Outcome, type Queue, Telemetry } from '../../application/ports';
import { type Channel, channels } from '../../domain/catalogue';

/** What a person should know of, and what passes by itself. */
const levels: Readonly<Record<Outcome, 'debug' | 'info'>> = { sent: 'debug', held: 'debug', retried: 'info', unknown: 'info', dropped: 'debug', failed: 'info', parked: 'info' };

@Injectable()
export class PrometheusTelemetry extends Telemetry {
  private readonly total;
  private readonly waiting;

  constructor(
    private readonly log: Log,
    metrics: Metrics,
  ) {
    super();
    this.total = metrics.counter('notifications_total', 'Messages to users by what became of a step of theirs.', ['channel', 'outcome']);
    this.waiting = metrics.gauge('notifications_queue', 'Messages that have yet to go out, are of unknown fate, or wait for a person, as of the last look.', ['channel', 'state']);
  }

  override happened(channel: Channel, outcome: Outcome, { kind, id, reason }: Parameters<Telemetry['happened']>[2]): void {
    this.total.inc({ channel, outcome });
    this.log[levels[outcome]]({ channel, outcome, kind, notification_id: id, ...(reason && { reason }) }, 'a message to a user');
  }

  override broke(id: string, error: unknown): void {
    this.log.error({ notification_id: id, error }, 'a message broke; it is looked at again');
  }

  queue(queue: Queue): void {
    for (const [state, counts] of Object.entries(queue)) for (const channel of channels) this.waiting.set({ channel, state }, counts[channel]);
  }
}
