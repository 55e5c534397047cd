import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { emailTaken, tokenInvalid } from '../domain/errors';
import { confirmedBy, isAgreed } from '../domain/mail';
import { type User, withVerifiedEmail } from '../domain/user';
import { MailedLinks } from './mailed-links';
import { EmailChanges } from './message-ports';
import { PlanMessage } from './plan-message';
import { Users } from './ports';

/** One of the two links of a change of address. The second of them changes it. */
@Injectable()
export class ConfirmEmail {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly links: MailedLinks,
    private readonly changes: EmailChanges,
    private readonly planning: PlanMessage,
    private readonly outbox: Outbox,
  ) {}

  /** Answers whether the address has changed by this. */
  async execute(token: string): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const { link, user, at } = await this.links.follow(tx, token, 'confirm_old_email', 'confirm_new_email');
      const change = await this.changes.find(tx, user.id, at);
      const asked = link.purpose === 'confirm_old_email' ? change?.oldEmail : change?.newEmail;
      if (!change || change.oldEmail !== user.email || asked !== link.email) throw tokenInvalid();
      const confirmed = confirmedBy(change, link.purpose);
      await this.changes.confirm(tx, confirmed, at);
      if (!isAgreed(confirmed)) return false;
      await this.move(tx, user, confirmed.newEmail);
      return true;
    });
  }

  private async move(tx: Transaction, before: User, newEmail: string): Promise<void> {
    const user = withVerifiedEmail(before, newEmail);
    if (!(await this.users.changeEmail(tx, user))) throw emailTaken();
    await this.changes.end(tx, user.id);
    // Links to the address that the account has left open nothing any more.
    await this.links.void(tx, user.id, 'verify_email', 'reset_password', 'confirm_old_email', 'confirm_new_email');
    if (!before.emailVerified) this.outbox.add(tx, 'user.email_verified', user.id, { userId: user.id });
    // To the old address too: whoever lost the account reads of it there.
    await this.planning.notice(tx, before, 'email_changed');
    await this.planning.notice(tx, user, 'email_changed');
  }
}
