import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { emailAlreadyVerified, tooManyMails, userNotFound } from '../domain/errors';
import { MAILS_PER_WINDOW_MAX } from '../domain/mail';
import { PlanMessage } from './plan-message';
import { Users } from './ports';

@Injectable()
export class ResendVerification {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly planning: PlanMessage,
  ) {}

  async execute(userId: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const locked = await this.users.lock(tx, userId);
      if (!locked) throw userNotFound(userId);
      if (locked.user.emailVerified) throw emailAlreadyVerified();
      if (!(await this.planning.link(tx, locked.user, 'verify_email', locked.user.email))) throw tooManyMails(MAILS_PER_WINDOW_MAX);
    });
  }
}
