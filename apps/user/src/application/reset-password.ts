import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { passwordWeak, tokenInvalid } from '../domain/errors';
import { normalizePassword, weaknessOf } from '../domain/password';
import { MailedLinks } from './mailed-links';
import { PlanMessage } from './plan-message';
import { Passwords, Sessions, Users } from './ports';

/**
 * By the link in the mail. Whoever holds the mailbox takes the account back from whoever else is in it: every session ends, and so does a change of address that is under way.
 * The password is judged and hashed before the link is used up, so that a weak one costs nobody the link.
 */
@Injectable()
export class ResetPassword {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly links: MailedLinks,
    private readonly planning: PlanMessage,
  ) {}

  async execute(token: string, chosen: string): Promise<void> {
    const { email } = await this.links.read(token, 'reset_password');
    const password = normalizePassword(chosen);
    const weakness = weaknessOf(password, email);
    if (weakness) throw passwordWeak(weakness);
    const hash = await this.passwords.hash(password);
    await this.transactions.run(async (tx) => {
      const { link, user, at } = await this.links.follow(tx, token, 'reset_password');
      // A mailbox that the account has left opens it no more.
      if (user.email !== link.email) throw tokenInvalid();
      await this.users.setPassword(tx, user.id, hash);
      await this.sessions.revoke(tx, user.id, {}, { at, why: 'password_reset' });
      await this.links.void(tx, user.id, 'reset_password', 'confirm_old_email', 'confirm_new_email');
      await this.planning.notice(tx, user, 'password_changed');
    });
  }
}
