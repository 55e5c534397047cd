import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Transactions } from '@libs/postgres/transaction';
import { tokenInvalid } from '../domain/errors';
import { withVerifiedEmail } from '../domain/user';
import { MailedLinks } from './mailed-links';
import { Users } from './ports';

/** Whoever follows the link need not be logged in: it is often opened on another machine. */
@Injectable()
export class VerifyEmail {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly links: MailedLinks,
    private readonly outbox: Outbox,
  ) {}

  async execute(token: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const { link, user: before } = await this.links.follow(tx, token, 'verify_email');
      // The address has changed since the link was sent: it proves nothing about the new one.
      if (before.email !== link.email) throw tokenInvalid();
      const user = withVerifiedEmail(before);
      if (user === before) return;
      await this.users.update(tx, user);
      this.outbox.add(tx, 'user.email_verified', user.id, { userId: user.id });
    });
  }
}
