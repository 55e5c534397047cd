import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { Transactions } from '@libs/postgres/transaction';
import { normalizeEmail } from '../domain/email';
import { AccountMessages } from './message-ports';
import { PlanMessage } from './plan-message';
import { Users } from './ports';

/** One row is written, whoever asks for whichever address: neither the answer nor its time tells whether there is such an account. */
@Injectable()
export class ForgotPassword {
  constructor(
    private readonly messages: AccountMessages,
    private readonly ids: Ids,
    private readonly wall: WallClock,
  ) {}

  async execute(email: string): Promise<void> {
    await this.messages.askReset({ id: this.ids.next('op'), email: normalizeEmail(email) }, this.wall.now());
  }
}

/** Looks up what was asked for, when nobody waits for the answer. */
@Injectable()
export class AnswerForgotten {
  constructor(
    private readonly transactions: Transactions,
    private readonly messages: AccountMessages,
    private readonly users: Users,
    private readonly planning: PlanMessage,
  ) {}

  /** Answers false when nobody is left who has asked. */
  async next(): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const asked = await this.messages.nextAsked(tx);
      if (!asked) return false;
      const known = await this.users.idOf(tx, asked.email);
      const locked = known === undefined ? undefined : await this.users.lock(tx, known);
      // The question is dropped in any case: the mail is a message of its own.
      const isSent = locked?.user.email === asked.email && (await this.planning.link(tx, locked.user, 'reset_password', asked.email));
      await this.messages.drop(asked.id, isSent ? 'answered' : 'unanswered', tx);
      return true;
    });
  }
}
