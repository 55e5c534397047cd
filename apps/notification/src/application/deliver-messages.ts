import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { Clock } from '@libs/kernel/clock';
import { InvariantViolation } from '@libs/kernel/invariant';
import { WorkUnderWay } from '@libs/postgres/work-under-way';
import { rule } from '../domain/preferences';
import { Compose } from './compose';
import { Messages, Settings, type TakenMessage, Telemetry } from './ports';
import { ResolveUnknown } from './resolve-unknown';
import { type Result, SendMessage } from './send-message';

/** What becomes of one message that is due. */
@Injectable()
export class DeliverMessage {
  constructor(
    private readonly messages: Messages,
    private readonly sending: SendMessage,
    private readonly resolving: ResolveUnknown,
    private readonly compose: Compose,
    private readonly clock: Clock,
  ) {}

  async execute(message: TakenMessage): Promise<Result> {
    if (message.state !== 'planned') return this.resolving.execute(message);
    const ruling = rule(message, message.preferences, this.clock.now());
    if ('drop' in ruling) {
      await this.messages.move(message, 'dropped', { reason: ruling.drop });
      return { outcome: 'dropped', reason: ruling.drop };
    }
    if ('holdUntil' in ruling) {
      await this.messages.hold(message.id, ruling.holdUntil);
      return { outcome: 'held' };
    }
    if (message.channel !== 'inbox') return this.sending.execute(message);
    await this.messages.deliverToInbox(message, this.compose.inbox(message));
    return { outcome: 'sent' };
  }

  /** It broke before anything was sent: later, and not for ever. What broke after that is looked up. */
  async broke(message: TakenMessage, error: unknown): Promise<Result> {
    if (message.state !== 'planned') {
      await this.messages.later(message.id, 1_000);
      return { outcome: 'unknown' };
    }
    if (error instanceof InvariantViolation) return this.sending.park(message, 'cannot_be_written');
    return this.sending.retry(message, error instanceof AppError ? error.code : 'broken');
  }
}

/** A bounded pool: each message goes its own way, and the next one takes its place as soon as it is over. */
@Injectable()
export class DeliverMessages {
  private readonly underWay: WorkUnderWay;
  private whenRoom: () => void = () => undefined;

  constructor(
    private readonly messages: Messages,
    private readonly delivering: DeliverMessage,
    private readonly settings: Settings,
    private readonly telemetry: Telemetry,
    private readonly clock: Clock,
  ) {
    this.underWay = new WorkUnderWay((underWay) => messages.freeLeases(underWay));
  }

  /** Begins what is due, as far as there is room. */
  async execute(): Promise<void> {
    const room = this.settings.atOnce - this.underWay.size;
    // A batch at a time: to ask for one message whenever one is done would cost more than the message.
    if (room < Math.ceil(this.settings.atOnce / 2)) return;
    for (const message of await this.underWay.take(() => this.messages.take(room, this.clock.now()))) {
      this.underWay.begin(message.id, this.one(message), () => {
        if (this.underWay.size <= this.settings.atOnce / 2) this.whenRoom();
      });
    }
  }

  get inFlight(): number {
    return this.underWay.size;
  }

  onRoom(listener: () => void): void {
    this.whenRoom = listener;
  }

  /** Resolves when all that has begun is over. */
  async drained(): Promise<void> {
    await this.underWay.drained();
  }

  /** Never throws. */
  private async one(message: TakenMessage): Promise<void> {
    const { id, kind, channel } = message;
    try {
      const { outcome, reason } = await this.attempt(message);
      this.telemetry.happened(channel, outcome, { kind, id, ...(reason && { reason }) });
    } catch (error) {
      this.underWay.abandon(id);
      this.telemetry.broke(id, error);
    }
  }

  private async attempt(message: TakenMessage): Promise<Result> {
    try {
      return await this.delivering.execute(message);
    } catch (error) {
      if (!(error instanceof AppError)) this.telemetry.broke(message.id, error);
      return this.delivering.broke(message, error);
    }
  }
}
