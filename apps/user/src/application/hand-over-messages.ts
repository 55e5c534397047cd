import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import { pauseAfterMs } from '../domain/mail';
import { AnswerForgotten } from './forgot-password';
import { AccountMessages, type DueMessage, Mail } from './message-ports';

const AT_ONCE_MAX = 16;

/** Gives notification what is to be sent, with the same key until it has said yes. A link that is no longer good is not sent at all. */
@Injectable()
export class HandOverMessages {
  constructor(
    private readonly messages: AccountMessages,
    private readonly mail: Mail,
    private readonly forgotten: AnswerForgotten,
    private readonly wall: WallClock,
  ) {}

  /** Answers whether there may be more, and how many could not be handed over. */
  async pass(): Promise<{ more: boolean; failures: readonly unknown[] }> {
    let answered = 0;
    while (answered < AT_ONCE_MAX && (await this.forgotten.next())) answered++;
    const due = await this.messages.lease(AT_ONCE_MAX);
    const failures = (await Promise.all(due.map((message) => this.handOver(message)))).filter((failure) => failure !== undefined);
    return { more: answered === AT_ONCE_MAX || due.length === AT_ONCE_MAX, failures };
  }

  private async handOver(message: DueMessage): Promise<unknown> {
    const { id, attempts, expiresAt } = message;
    if (expiresAt && expiresAt <= this.wall.now()) return void (await this.messages.drop(id, 'expired'));
    try {
      await this.mail.send(message);
    } catch (error) {
      // Notification has understood, and will never take it.
      if (error instanceof AppError && !error.retryable) await this.messages.drop(id, error.code);
      else await this.messages.tryAgain(id, pauseAfterMs(attempts));
      return error;
    }
    return void (await this.messages.handedOver(id));
  }
}
